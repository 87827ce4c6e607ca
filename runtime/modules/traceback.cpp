// _traceback: what traceback.gen is made of. Rows of a traceback, source lines, carets, suggestions for misspelt names.
#include "runtime/modules/modules.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"

#include "parser/parser.h"

#include <algorithm>

namespace gen {

// ---- rows(traceback, last): (code, line, end line, column, end column, times), outermost first; only the last frames, 0: all

static Value place(uint32_t n, bool known) { return known ? Value::integer(n) : Value::none(); }

static Value row(VM& vm, Code* code, uint32_t pc, uint64_t times) {
    PositionEntry at = pc == ~uint32_t{0} ? PositionEntry{0, code->first_line, code->first_line,
                                                          PositionEntry::kNoColumn, PositionEntry::kNoColumn}
                                          : position_of(*code, pc);
    bool columns =
        at.line && at.column != PositionEntry::kNoColumn && at.end_column != PositionEntry::kNoColumn;
    uint32_t line = at.line ? at.line : code->first_line;
    return vm.tuple({Value::object(code), Value::integer(line), place(at.end_line, columns),
                     place(at.column, columns), place(at.end_column, columns), vm.integer(int64_t(times))});
}

static Outcome rows(VM& vm, Value* args) {
    uint64_t last = args[1].is_int() ? uint64_t(std::max<int64_t>(args[1].as_int(), 0)) : 0;
    auto is_traceback = [](Value v) { return v.is_object() && v.as_object()->kind == Kind::Traceback; };
    uint64_t total = 0;
    for (Value t = args[0]; is_traceback(t); t = t.as<Traceback>()->next)
        total += 1 + uint64_t(t.as<Traceback>()->repeat);
    uint64_t skip = last && total > last ? total - last : 0;
    List* list = make_list(vm.heap);
    for (Value v = args[0]; is_traceback(v); v = v.as<Traceback>()->next) {
        auto* t = v.as<Traceback>();
        uint64_t times = 1 + uint64_t(t->repeat);
        if (skip >= times) {
            skip -= times;
            continue;
        }
        if (!list_append(vm.heap, list, row(vm, t->code, t->pc, times - skip))) return vm.out_of_memory();
        skip = 0;
    }
    return Value::object(list);
}

// frame_row(frame): the same for a frame object
static Outcome frame_row(VM& vm, Value* args) {
    if (!args[0].is_object() || args[0].as_object()->kind != Kind::FrameInfo)
        return vm.type_error("a frame is required, not '%s'", vm.type_name(args[0]));
    auto* info = args[0].as<FrameInfo>();
    return row(vm, info->code, info->pc, 1);
}

static Outcome line_native(VM& vm, Value* args) {  // source_line(filename, number): with its line end, or ''
    std::string line;
    if (!is_str(args[0]) || !args[1].is_int() || args[1].as_int() < 1) return Value::object(vm.empty_string);
    if (!source_line(vm, std::string(args[0].as<Str>()->view()), uint32_t(args[1].as_int()), line))
        return Value::object(vm.empty_string);
    line += '\n';
    return vm.checked(vm.str(line.substr(0, valid_utf8(line))));
}
static Outcome forget_lines(VM& vm, Value*) {
    runtime_of(vm).sources.clear();
    return Value::none();
}

// ---- carets

// Where the operator of `a + b`, or the brackets of `a[b]`, stand in a piece of source; false: it is something else.
static bool find_anchors(std::string_view text, size_t& left, size_t& right) {
    Source source = Source::from_text("<segment>", text);
    Arena arena;
    ParseResult result = parse(source, arena);
    if (!result.module || result.error) return false;
    auto* module = ast::as_if<ast::Module>(result.module);
    if (!module || module->body.size() != 1) return false;
    auto* statement = ast::as_if<ast::Expr>(module->body[0]);
    if (!statement) return false;
    if (auto* binary = ast::as_if<ast::BinOp>(statement->value)) {
        if (binary->left->span.end_line != 1 || binary->right->span.line != 1) return false;
        left = binary->left->span.end_column;
        size_t end = std::min<size_t>(binary->right->span.column, text.size());
        while (left < end &&
               (text[left] == ' ' || text[left] == '\t' || text[left] == ')' || text[left] == '\\'))
            left++;
        right = left + 1;
        if (right < end && text[right] != ' ' && text[right] != '\t' && text[right] != '(') right++;
        return true;
    }
    if (auto* subscript = ast::as_if<ast::Subscript>(statement->value)) {
        if (subscript->value->span.end_line != 1 || subscript->slice->span.end_line != 1) return false;
        left = subscript->value->span.end_column;
        right = subscript->slice->span.end_column + 1;
        // The brackets themselves, with whatever parentheses and space stand beside the parts.
        while (left < text.size() && text[left] != '[') left++;
        while (right <= text.size() && text[right - 1] != ']') right++;
        if (right > text.size()) right = text.size();
        return true;
    }
    return false;
}

// carets(line, column, end column, single line): what stands below the stripped line, or ''
static Outcome carets(VM& vm, Value* args) {
    if (!is_str(args[0]) || !args[1].is_int() || !args[2].is_int())
        return vm.type_error("a line and two columns are required");
    std::string_view line = args[0].as<Str>()->view();
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    size_t start = size_t(args[1].as_int()), end = size_t(args[2].as_int());
    bool single = args[3].is_true();
    size_t lead = line.find_first_not_of(" \t\f");
    if (lead == std::string_view::npos || start > line.size()) return Value::object(vm.empty_string);
    size_t last = line.find_last_not_of(" \t\f") + 1;
    if (!single || end > line.size()) end = last;
    if (end <= start || start < lead) return Value::object(vm.empty_string);
    size_t left = 0, right = 0;
    bool anchors = single && find_anchors(line.substr(start, end - start), left, right);
    if (!anchors && start == lead && end == last) return Value::object(vm.empty_string);
    auto width = [&](size_t from, size_t to) { return count_code_points(line.substr(from, to - from)); };
    std::string out(width(lead, start), ' ');
    if (anchors) {
        right = std::min(right, end - start);
        left = std::min(left, right);
        out += std::string(width(start, start + left), '~') +
               std::string(width(start + left, start + right), '^') +
               std::string(width(start + right, end), '~');
    } else {
        out += std::string(width(start, end), '^');
    }
    return vm.checked(vm.str(out));
}

// ---- suggestions: the nearest name, by edits; a change of case costs half of another one

constexpr size_t kMaxName = 40, kMaxCandidates = 750;
constexpr size_t kMoveCost = 2, kCaseCost = 1;

static size_t substitution_cost(char a, char b) {
    if ((a & 31) != (b & 31)) return kMoveCost;
    if (a == b) return 0;
    auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; };
    return lower(a) == lower(b) ? kCaseCost : kMoveCost;
}

static size_t edit_distance(std::string_view a, std::string_view b, size_t limit) {
    if (a == b) return 0;
    while (!a.empty() && !b.empty() && a.front() == b.front()) {
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
    while (!a.empty() && !b.empty() && a.back() == b.back()) {
        a.remove_suffix(1);
        b.remove_suffix(1);
    }
    if (a.empty() || b.empty()) return (a.size() + b.size()) * kMoveCost;
    if (a.size() > kMaxName || b.size() > kMaxName) return limit + 1;
    if (b.size() < a.size()) std::swap(a, b);
    if ((b.size() - a.size()) * kMoveCost > limit) return limit + 1;
    size_t buffer[kMaxName];
    for (size_t i = 0; i < a.size(); i++) buffer[i] = (i + 1) * kMoveCost;
    size_t result = 0;
    for (size_t bi = 0; bi < b.size(); bi++) {
        size_t distance = result = bi * kMoveCost, minimum = SIZE_MAX;
        for (size_t i = 0; i < a.size(); i++) {
            size_t substitute = distance + substitution_cost(b[bi], a[i]);
            distance = buffer[i];
            size_t insert_or_delete = std::min(result, distance) + kMoveCost;
            result = std::min(insert_or_delete, substitute);
            buffer[i] = result;
            minimum = std::min(minimum, result);
        }
        if (minimum > limit) return limit + 1;
    }
    return result;
}

static Outcome suggest(VM& vm,
                       Value* args) {  // suggest(name, candidates): the nearest of a list of strings, or None
    (void)vm;
    if (!is_str(args[0]) || !is_list(args[1])) return Value::none();
    std::string_view name = args[0].as<Str>()->view();
    List* candidates = args[1].as<List>();
    if (candidates->size >= kMaxCandidates) return Value::none();
    Value best = Value::none();
    size_t best_distance = SIZE_MAX;
    for (uint64_t i = 0; i < candidates->size; i++) {
        Value v = candidates->items->items[i];
        if (!is_str(v) || v.as<Str>()->view() == name) continue;
        size_t limit = std::min((name.size() + v.as<Str>()->size + 3) * kMoveCost / 6, best_distance - 1);
        size_t distance = edit_distance(name, v.as<Str>()->view(), limit);
        if (distance > limit) continue;
        best = v;
        best_distance = distance;
    }
    return best;
}

static const NativeDef kFunctions[] = {
    {.signature = "rows(traceback, last=0, /)", .fn = rows},
    {.signature = "frame_row(frame, /)", .fn = frame_row},
    {.signature = "source_line(filename, line, /)", .fn = line_native},
    {.signature = "forget_lines()", .fn = forget_lines},
    {.signature = "carets(line, column, end_column, single_line, /)", .fn = carets},
    {.signature = "suggest(name, candidates, /)", .fn = suggest},
};

const ModuleDef kTracebackModule = {.name = "_traceback", .functions = kFunctions};

}  // namespace gen
