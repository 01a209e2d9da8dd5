// Ownership and errors around SQLite's C interface. Nothing here knows the schema.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>

#include "folkmoot/store.hpp"

namespace folkmoot::store {

/// A prepared statement. Every value is bound by reference: it must live until the statement is reset.
class Statement {
   public:
    Statement() = default;
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

    Statement& bind(int place, ByteView blob) {
        // A null pointer would bind NULL instead of an empty blob.
        const void* data = blob.empty() ? static_cast<const void*>("") : blob.data();
        note(sqlite3_bind_blob64(statement_.get(), place, data, blob.size(), SQLITE_STATIC));
        return *this;
    }
    Statement& bind(int place, std::string_view text) {
        note(sqlite3_bind_text64(statement_.get(), place, text.data(), text.size(), SQLITE_STATIC,
                                 SQLITE_UTF8));
        return *this;
    }
    Statement& bind(int place, std::int64_t number) {
        note(sqlite3_bind_int64(statement_.get(), place, number));
        return *this;
    }
    Statement& bind_null(int place) {
        note(sqlite3_bind_null(statement_.get(), place));
        return *this;
    }

    /// SQLITE_ROW, SQLITE_DONE or an extended error code, that of a failed bind included.
    [[nodiscard]] int step() { return bound_ == SQLITE_OK ? sqlite3_step(statement_.get()) : bound_; }
    void reset() {
        sqlite3_reset(statement_.get());
        bound_ = SQLITE_OK;
    }
    /// Runs to the end and resets: SQLITE_DONE or an error.
    [[nodiscard]] int run() {
        const int rc = step();
        reset();
        return rc;
    }

    [[nodiscard]] bool is_null(int column) const {
        return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
    }
    [[nodiscard]] std::int64_t number(int column) const {
        return sqlite3_column_int64(statement_.get(), column);
    }
    /// Valid until the next step or reset.
    [[nodiscard]] ByteView blob(int column) const {
        const void* data = sqlite3_column_blob(statement_.get(), column);
        const int size = sqlite3_column_bytes(statement_.get(), column);
        return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
    }
    [[nodiscard]] std::string text(int column) const {
        const ByteView bytes = blob(column);
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }

   private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    void note(int rc) {
        if (rc != SQLITE_OK) bound_ = rc;
    }

    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int bound_ = SQLITE_OK;
};

/// Resets a cached statement at the end of a scope, so that no read stays open behind an early return.
class ResetAtEnd {
   public:
    explicit ResetAtEnd(Statement& statement) : statement_(statement) {}
    ~ResetAtEnd() { statement_.reset(); }
    ResetAtEnd(const ResetAtEnd&) = delete;
    ResetAtEnd& operator=(const ResetAtEnd&) = delete;

   private:
    Statement& statement_;
};

/// A connection. Statements must be destroyed before it.
class Database {
   public:
    /// `path` is absolute: relative ones could spell a URI or a temporary database. `vfs` null: the default.
    [[nodiscard]] static Result<Database> open(const std::filesystem::path& path, bool create,
                                               const char* vfs);

    /// Runs statements without parameters; rows are dropped.
    [[nodiscard]] int exec(const char* sql) const {
        return sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
    }
    [[nodiscard]] Result<void> run(const char* sql, const char* doing) const;
    [[nodiscard]] Result<Statement> prepare(std::string_view sql, bool kept = false) const;
    /// The first column of the only row of a query.
    [[nodiscard]] Result<std::int64_t> number(std::string_view sql, const char* doing) const;
    [[nodiscard]] Result<std::string> text(std::string_view sql, const char* doing) const;

    /// What an SQLite result code means for the caller, with what to do about it. Call before anything else
    /// is done with the connection: the system's error number is read from it.
    [[nodiscard]] Error error(int rc, const char* doing) const;

    [[nodiscard]] sqlite3* get() const { return handle_.get(); }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

   private:
    struct Close {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    std::unique_ptr<sqlite3, Close> handle_;
    std::filesystem::path path_;
};

}  // namespace folkmoot::store
