// Scenarios as real ops: encoded and signed, with keys made from the symbolic names, so that ids are the same
// everywhere and in any order of the file.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "folkmoot/access.hpp"
#include "folkmoot/graph.hpp"
#include "folkmoot/signer.hpp"
#include "moot/scenario_file.hpp"

namespace folkmoot::scenario {

/// The device of that name: its seed is BLAKE2b-256 over a domain and the name.
[[nodiscard]] Result<std::unique_ptr<Signer>> signer_of(const std::string& device);

/// An op that was not admitted, and why.
struct Refused {
    Error error;
    /// The rule it breaks, for instance "A1".
    std::string rule;
    /// The op whose absence made it so; empty if the op itself is at fault.
    std::string by;
};

/// A scenario that took place.
class Played {
   public:
    Played() : access_(graph_) {}
    Played(const Played&) = delete;
    Played& operator=(const Played&) = delete;

    /// Plays the whole file. Fails only if this build cannot sign.
    [[nodiscard]] Result<void> play(const ScenarioFile& file);

    [[nodiscard]] const Graph& graph() const { return graph_; }
    [[nodiscard]] const Access& access() const { return access_; }
    /// Admitted ops, parents before children.
    [[nodiscard]] const std::vector<EncodedOp>& ops() const { return ops_; }
    /// Ids of all ops that could be encoded, refused ones included.
    [[nodiscard]] const std::map<std::string, OpId>& ids() const { return ids_; }
    [[nodiscard]] const std::map<std::string, Refused>& refused() const { return refused_; }
    [[nodiscard]] std::string name_of(OpIndex op) const;
    [[nodiscard]] std::string name_of(const DeviceKey& key) const;

   private:
    struct Draft {
        Operation op;
        std::optional<Bytes> payload;
        std::optional<Refused> refused;
        /// False if it names ops without an id.
        bool encodable = true;
    };

    [[nodiscard]] Result<Signer*> device(const std::string& name);
    [[nodiscard]] Result<DeviceKey> key(const std::string& name);
    [[nodiscard]] Result<void> play_creates(const ScenarioFile& file);
    [[nodiscard]] Result<void> play_op(const ScenarioOp& from);
    [[nodiscard]] Result<Draft> draft(const ScenarioOp& from);
    [[nodiscard]] Result<Act> act_of(const ScenarioOp& from, Draft& draft);
    void place(const ScenarioOp& from, Draft& draft);
    void choose_prev(const ScenarioOp& from, Draft& draft, std::vector<OpIndex>& frontier);
    void choose_grant(const ScenarioOp& from, Draft& draft, const std::vector<OpIndex>& frontier);
    [[nodiscard]] std::optional<OpId> named(const std::string& name, const char* what, ErrorCode code,
                                            Draft& draft) const;
    [[nodiscard]] Result<void> admit(const std::string& name, Draft& draft);

    Graph graph_;
    Access access_;
    std::vector<EncodedOp> ops_;
    std::map<std::string, OpId> ids_;
    std::map<OpId, std::string> names_;
    std::map<std::string, Refused> refused_;
    std::map<std::string, std::unique_ptr<Signer>> devices_;
    std::map<DeviceKey, std::string> device_names_;
};

/// The rule that an error of the format, the graph or admission stands for.
[[nodiscard]] std::string rule_of(ErrorCode code);

}  // namespace folkmoot::scenario
