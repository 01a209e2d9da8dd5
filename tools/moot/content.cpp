// post, log, show: what was said.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "moot/acting.hpp"
#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/rails.hpp"
#include "moot/text.hpp"
#include "moot/view.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

struct PostArguments {
    std::string group;
    std::string text = "-";
    Manner manner;
};

struct LogArguments {
    std::string group;
    bool graph = false;
    std::string verdict;
    std::string author;
    std::size_t last = 0;
};

Result<int> post(Environment& environment, const PostArguments& arguments) {
    auto group = environment.group(arguments.group);
    if (!group) return std::unexpected(group.error());
    std::string text = arguments.text;
    if (text == "-") {
        auto input = environment.read_input(limits::payload_bytes);
        if (!input) return std::unexpected(input.error());
        text = std::move(*input);
    }
    if (!is_utf8(text)) return fail(ErrorCode::usage, "the text is no UTF-8");
    if (arguments.manner.dry_run) {
        const Act what = Post{static_cast<std::uint32_t>(text.size()), payload_hash(as_bytes(text))};
        if (!arguments.manner.force) {
            if (auto ready = make_ready(environment, **group, false); !ready)
                return std::unexpected(ready.error());
        }
        if (auto allowed = (*group)->replica->may_act(what); !allowed)
            return std::unexpected(allowed.error());
        if (environment.json()) environment.print({{"op", nullptr}, {"dry_run", true}});
        environment.say("Nothing was signed. The post would be admitted.");
        return 0;
    }
    if (auto ready = make_ready(environment, **group, arguments.manner.force); !ready)
        return std::unexpected(ready.error());
    auto op = (*group)->replica->post(as_bytes(text), clock_ms());
    if (!op) return std::unexpected(op.error());
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    if (auto saved = (*groups)->saved(**group); !saved) return std::unexpected(saved.error());
    if (environment.json()) {
        environment.print({{"op", to_hex(op->view())}, {"dry_run", false}});
    } else {
        environment.say("Posted " + short_id((*group)->replica->graph(), *op) + ".");
    }
    return 0;
}

// A post's text, or what another act did, after the id and the author.
std::string content_line(OpenGroup& group, const Names& names, OpIndex op) {
    const Graph& graph = group.replica->graph();
    if (graph.kind(op) != Kind::post) {
        std::string text = title(group, names, op);
        const auto encoded = group.replica->load(op);
        const auto decoded = encoded ? decode_body(encoded->body) : fail(ErrorCode::store_io, "");
        const auto level = decoded ? granted_level(decoded->act) : std::nullopt;
        return "(" + text + (level ? " as " + level::to_text(*level) : "") + ")";
    }
    const auto encoded = group.replica->load(op);
    if (!encoded || !encoded->payload) return "(the text is not here)";
    if (encoded->payload->empty()) return "(merges branches)";
    return printable(
        std::string_view(reinterpret_cast<const char*>(encoded->payload->data()), encoded->payload->size()),
        /*lines=*/true);
}

std::string log_line(OpenGroup& group, const Names& names, OpIndex op, std::uint64_t time_ms) {
    const Graph& graph = group.replica->graph();
    const Verdict verdict = group.replica->access().now().verdict(op);
    std::string line =
        short_id(graph, op) + "  " + time_text(time_ms) + "  " + names.of(graph.key(graph.author(op))) + "  ";
    if (!verdict.effective()) {
        line += "[void " + std::string(to_text(verdict.rule));
        if (verdict.by != no_index) line += " by " + short_id(graph, verdict.by);
        line += "] ";
    }
    return line + content_line(group, names, op);
}

void print_indented(Environment& environment, const std::string& line, const std::string& first,
                    const std::string& rest) {
    std::size_t start = 0;
    for (bool at_first = true;; at_first = false) {
        const auto end = line.find('\n', start);
        environment.answer((at_first ? first : rest) + line.substr(start, end - start));
        if (end == std::string::npos || end + 1 >= line.size()) return;
        start = end + 1;
    }
}

Result<bool> wanted(const LogArguments& arguments, const OpenGroup& group,
                    const std::optional<DeviceKey>& author, OpIndex op) {
    const Graph& graph = group.replica->graph();
    if (author && graph.key(graph.author(op)) != *author) return false;
    if (arguments.verdict.empty()) return true;
    const Verdict verdict = group.replica->access().now().verdict(op);
    if (arguments.verdict == "effective") return verdict.effective();
    if (arguments.verdict == "void") return !verdict.effective();
    return to_text(verdict.rule) == arguments.verdict;
}

std::uint64_t claimed_time(OpenGroup& group, OpIndex op) {
    const auto encoded = group.replica->load(op);
    if (!encoded) return 0;
    const auto decoded = decode_body(encoded->body);
    return decoded ? decoded->time_ms : 0;
}

// Ops that were not asked for stand as an `o`, so that the rails hold together.
void draw(Environment& environment, OpenGroup& group, const std::vector<OpIndex>& order,
          const std::vector<std::size_t>& chosen) {
    const auto rows = rails(group.replica->graph(), order);
    auto next = chosen.begin();
    for (std::size_t i = chosen.empty() ? order.size() : chosen.front(); i < order.size(); ++i) {
        std::string rail = rows[i].before;
        if (next != chosen.end() && *next == i) {
            ++next;
            std::string below = rail;
            std::ranges::replace(below, '*', '|');
            const std::string line =
                log_line(group, environment.names(), order[i], claimed_time(group, order[i]));
            print_indented(environment, line, rail + " ", below + "         ");
        } else {
            std::ranges::replace(rail, '*', 'o');
            environment.answer(rail);
        }
        for (const auto& line : rows[i].after) environment.answer(line);
    }
}

Result<int> log(Environment& environment, const LogArguments& arguments) {
    auto group = environment.group(arguments.group);
    if (!group) return std::unexpected(group.error());
    const Names& names = environment.names();
    const Graph& graph = (*group)->replica->graph();
    std::optional<DeviceKey> author;
    if (!arguments.author.empty()) {
        auto found = names.find(arguments.author, *group);
        if (!found) return std::unexpected(found.error());
        author = *found;
    }
    const auto order = in_order(graph);
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < order.size(); ++i) {
        auto show = wanted(arguments, **group, author, order[i]);
        if (!show) return std::unexpected(show.error());
        if (*show) chosen.push_back(i);
    }
    if (arguments.last > 0 && chosen.size() > arguments.last) {
        chosen.erase(chosen.begin(), chosen.end() - static_cast<std::ptrdiff_t>(arguments.last));
    }
    if (arguments.graph && !environment.json()) {
        draw(environment, **group, order, chosen);
        return 0;
    }
    for (const std::size_t at : chosen) {
        const OpIndex op = order[at];
        if (environment.json()) {
            auto value = op_json(**group, names, op);
            if (!value) return std::unexpected(value.error());
            environment.print(*value);
        } else {
            print_indented(environment, log_line(**group, names, op, claimed_time(**group, op)), "",
                           "        ");
        }
    }
    return 0;
}

Result<int> show(Environment& environment, const std::string& text, bool cbor) {
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    auto ids = (*groups)->home().groups();
    if (!ids) return std::unexpected(ids.error());
    std::optional<Error> trouble;
    std::optional<std::pair<OpenGroup*, OpIndex>> found;
    for (const auto& id : *ids) {
        auto group = (*groups)->open(id);
        if (!group) return std::unexpected(group.error());
        const auto op = find_op(**group, text);
        if (op && found) return fail(ErrorCode::ambiguous, "several ops start with " + printable(text));
        if (op) {
            found.emplace(*group, *op);
        } else if (!trouble || op.error().code == ErrorCode::ambiguous) {
            trouble = op.error();
        }
    }
    if (trouble && trouble->code == ErrorCode::ambiguous) return std::unexpected(*trouble);
    if (!found)
        return trouble ? std::unexpected(*trouble) : fail(ErrorCode::no_group, "this device has no groups");
    auto& [group, op] = *found;
    auto value = op_json(*group, environment.names(), op);
    if (!value) return std::unexpected(value.error());
    const auto encoded = group->replica->load(op);
    if (!encoded) return std::unexpected(encoded.error());
    (*value)["group"] = to_hex(group->id.view());
    if (cbor || environment.options().verbose) {
        (*value)["body"] = to_hex(encoded->body);
        (*value)["signature"] = encoded->signature ? Json(to_hex(encoded->signature->view())) : Json();
    }
    if (environment.json()) {
        environment.print(*value);
    } else if (cbor) {
        environment.answer(to_hex(encoded->body));
    } else {
        for (const auto& [key, field] : value->items()) {
            const std::string content =
                field.is_string() ? printable(field.get<std::string>(), true)
                                  : printable(field.dump(-1, ' ', false, Json::error_handler_t::replace));
            environment.answer(std::string(key).append(": ").append(content));
        }
    }
    return 0;
}

}  // namespace

void add_content_commands(CLI::App& app, Command& chosen) {
    auto* post_command = add_command(app, "post", "Say something", "moot post \"book club\" \"hello\"");
    auto said = std::make_shared<PostArguments>();
    post_command->add_option("GROUP", said->group, "The group")->required();
    post_command->add_option("TEXT", said->text, "The text; - or nothing reads standard input");
    post_command->add_flag("--dry-run", said->manner.dry_run, "Sign nothing");
    post_command->add_flag("--force", said->manner.force, "Sign although own ops may be missing here");
    post_command->callback([&chosen, said] {
        chosen.on_groups = true;
        chosen.reads_input = said->text == "-";
        chosen.run = [said](Environment& environment) { return post(environment, *said); };
    });

    auto* log_command =
        add_command(app, "log", "The group's ops, oldest first", "moot log \"book club\" --graph");
    auto asked = std::make_shared<LogArguments>();
    log_command->add_option("GROUP", asked->group, "The group")->required();
    log_command->add_flag("--graph", asked->graph, "Draw who stands on whom");
    log_command
        ->add_option("--verdict", asked->verdict, "Only effective or void ops, or those void by E1 or E2")
        ->check(CLI::IsMember({"effective", "void", "E1", "E2"}));
    log_command->add_option("--author", asked->author, "Only ops by this device");
    log_command->add_option("--last", asked->last, "Only the last N of them");
    log_command->callback([&chosen, asked] {
        chosen.on_groups = true;
        chosen.run = [asked](Environment& environment) { return log(environment, *asked); };
    });

    auto* show_command = add_command(app, "show", "Everything about one op", "moot show 77aa90 --json");
    auto op = std::make_shared<std::string>();
    auto cbor = std::make_shared<bool>(false);
    show_command->add_option("OP", *op, "The op, by the start of its id")->required();
    show_command->add_flag("--cbor", *cbor, "The body's bytes in hexadecimal");
    show_command->callback([&chosen, op, cbor] {
        chosen.on_groups = true;
        chosen.run = [op, cbor](Environment& environment) { return show(environment, *op, *cbor); };
    });
}

}  // namespace folkmoot::moot
