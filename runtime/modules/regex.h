// Regular expressions, shared by the module (regex.cpp: compiling and searching), Pattern (regex_pattern.cpp) and what it finds
// (regex_match.cpp). With GEN_HAS_PCRE2 only.
#pragma once
#include "runtime/types/support.h"

struct pcre2_real_code_8;

namespace gen::regex {

inline constexpr int64_t kMostIndex = int64_t{1} << 40;  // beyond every text

struct Program;  // a compiled one, of PCRE2

struct Pattern : Object {
    Value program;  // its text for PCRE2, "<options>:<pattern>": what is compiled stays with the host
    Value source;   // as the script wrote it
    Value flags, groups;
    Value groupindex;     // mappingproxy: name -> number
    Value names;          // Tuple: name or None by number
    Value parents;        // Tuple: the group around each group, or 0
    Value templates;      // Dict: str with escapes -> what read_template made of it
    Value read_template;  // (text, pattern) -> a str or bytes, or a tuple of these and of numbers of groups
    Value is_bytes;
};
static_assert(sizeof(Pattern) == sizeof(MediumRecord));

struct Match : Object {
    Value string, pattern;
    Value pos, endpos;
    Value last;   // number of the group that was closed last, or None
    Value spans;  // Tuple: start, end of the match, start, end of group 1, ...; -1, -1: not matched
};
static_assert(sizeof(Match) == sizeof(Record));

// What goes from match to match: finditer(), scanner().
struct Scan : Object {
    Value string;  // unbound: exhausted
    Value pattern;
    Value pos, endpos;
    Value at;           // a byte offset to go on from; -1: from pos
    Value after_empty;  // the match before was empty: the next one may not be empty there
};
static_assert(sizeof(Scan) == sizeof(Record));

// One pattern in one text, for as long as nothing else runs.
class Search {
  public:
    // Later: a stretch has been looked at without finding any; at() is where to go on.
    enum class Found : uint8_t { No, Yes, Later, Raised };

    Search(VM& vm, Value pattern) : vm_(vm), pattern_(pattern.as<Pattern>()) {}
    ~Search();
    Search(const Search&) = delete;
    Search& operator=(const Search&) = delete;

    bool open(Value string, int64_t pos = 0, int64_t endpos = INT64_MAX);  // false: raised
    void go_on(Value at, Value after_empty);                               // from where another search stood
    Found next();
    Found match(bool whole);  // at at(); whole: up to the end of the text

    // Behind the match that was found.
    void pass() {
        at_ = ends_[1];
        after_empty_ = ends_[0] == ends_[1];
    }
    Value at() const { return Value::integer(int64_t(at_)); }
    Value after_empty() const { return Value::boolean(after_empty_); }

    // What was found, in bytes.
    bool has(size_t group) const { return ends_[2 * group] != ~size_t{0}; }
    size_t start(size_t group = 0) const { return ends_[2 * group]; }
    size_t end(size_t group = 0) const { return ends_[2 * group + 1]; }
    size_t groups() const;
    std::string_view view(size_t from, size_t to) const {
        return from < to ? text_.substr(from, to - from) : std::string_view();
    }

    size_t size() const { return text_.size(); }
    bool is_short() const { return text_.size() <= kShort && groups() <= 16; }
    const Pattern* pattern() const { return pattern_; }
    // Values; unbound: out of memory.
    Value part(size_t from, size_t to);   // an exact str or bytes
    Value part(std::string_view text);    // of the text
    Value result(std::string_view text);  // put together from parts of it and others
    Value group(size_t group, Value otherwise) {
        return has(group) ? part(start(group), end(group)) : otherwise;
    }
    Value empty();
    Value make_match(Value string);

  private:
    static constexpr size_t kShort = 2048;  // texts that are worked through without looking around
    enum class Tried : uint8_t { Nothing, Found, Dear, Raised };  // Dear: try one position only
    Tried try_match(size_t start, uint32_t options, size_t last_start);
    int run(pcre2_real_code_8*, size_t start, uint32_t options, size_t last_start, uint64_t limit);
    int run_watched(size_t start, uint32_t options);
    size_t offset(uint64_t index) {
        return str_ && !str_->ascii() ? byte_offset(vm_.heap, str_, uint32_t(index)) : size_t(index);
    }
    Value index(size_t offset) {
        return Value::integer(
            int64_t(str_ && !str_->ascii() ? index_of_offset(vm_.heap, str_, uint32_t(offset)) : offset));
    }
    int64_t last_group() const;

    VM& vm_;
    Pattern* pattern_;
    Program* program_ = nullptr;
    std::string_view text_;  // up to endpos
    std::string scratch_;
    Str* str_ = nullptr;  // null: bytes
    int64_t pos_ = 0, endpos_ = 0;
    size_t at_ = 0;
    const size_t* ends_ = nullptr;
    unsigned matched_ = 0;  // groups from here on have not matched
    bool possible_ = true, after_empty_ = false;
};

// pos and endpos of the methods; false: `failure` says what to return.
bool get_limits(VM&, Value pos, Value endpos, int64_t& from, int64_t& to, Outcome& failure);

inline bool needs_index(VM& vm, Value v) {
    return !v.is_unbound() && !is_int_like(v) && !vm.special(v, Special::Index).is_unbound();
}

void define_pattern(VM&, Module*);    // regex_pattern.cpp
void define_match(VM&, Module*);      // regex_match.cpp
Outcome make_scan(VM&, Value* args);  // pattern, string, pos, endpos

}  // namespace gen::regex
