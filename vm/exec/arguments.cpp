// Arguments bound to parameters, of functions and of natives, and the errors when they do not fit.
#include "vm/exec/arguments.h"

#include "vm/exec/exec.h"

namespace gen {

static std::string quoted_list(const std::vector<std::string>& names) {
    std::string s;
    for (size_t i = 0; i < names.size(); i++) {
        if (i) s += names.size() == 2 ? " and " : i + 1 == names.size() ? ", and " : ", ";
        s += "'" + names[i] + "'";
    }
    return s;
}

static std::string text(Value v) { return is_str(v) ? std::string(v.as<Str>()->view()) : "?"; }
static const char* plural(size_t n) { return n == 1 ? "" : "s"; }

// ---- binding to functions of the language

static void too_many_positional(VM& vm, Function* f, size_t given, Value* registers) {
    Code* code = f->code;
    unsigned defaults = f->defaults.is_object() ? unsigned(f->defaults.as<Tuple>()->size) : 0;
    unsigned keyword_given = 0;
    for (unsigned i = code->positional; i < unsigned(code->positional + code->keyword_only); i++)
        keyword_given += !registers[i].is_unbound();
    std::string takes = defaults ? "from " + std::to_string(code->positional - defaults) + " to " +
                                       std::to_string(code->positional)
                                 : std::to_string(code->positional);
    bool many = defaults ? true : code->positional != 1;
    std::string also;
    if (keyword_given)
        also = std::string(" positional argument") + plural(given) + " (and " +
               std::to_string(keyword_given) + " keyword-only argument" + plural(keyword_given) + ")";
    vm.type_error("%s() takes %s positional argument%s but %zu%s %s given", text(f->qualname).c_str(),
                  takes.c_str(), many ? "s" : "", given, also.c_str(),
                  given == 1 && !keyword_given ? "was" : "were");
}

static void missing(VM& vm, Function* f, const char* what, const std::vector<std::string>& names) {
    vm.type_error("%s() missing %zu required %s argument%s: %s", text(f->qualname).c_str(), names.size(),
                  what, plural(names.size()), quoted_list(names).c_str());
}

bool bind(VM& vm, Function* f, Value* registers, const Arguments& a) {
    Code* code = f->code;
    // Code with a namespace of its own takes that as its one argument.
    const unsigned positional = code->code_flags & Code::kNamespace ? 1 : code->positional,
                   keyword_only = code->keyword_only;
    const bool var_args = code->code_flags & Code::kVarArgs,
               var_keywords = code->code_flags & Code::kVarKeywords;
    const size_t given = a.positional();
    const unsigned args_slot = positional + keyword_only, keywords_slot = args_slot + var_args;
    for (size_t i = 0; i < given && i < positional; i++) registers[i] = a.at(i);
    if (var_args) {
        size_t rest = given > positional ? given - positional : 0;
        Tuple* t = rest ? make_tuple(vm.heap, rest) : vm.empty_tuple;
        if (!t) {
            vm.out_of_memory();
            return false;
        }
        for (size_t i = 0; i < rest; i++) t->items[i] = a.at(positional + i);
        registers[args_slot] = Value::object(t);
    }
    Dict* extra = nullptr;
    if (var_keywords) {
        extra = vm.dict();
        registers[keywords_slot] = Value::object(extra);
    }
    std::vector<std::string> positional_by_name;
    bool good = a.each_keyword([&](Value key, Value v) {
        if (!is_str(key)) {
            vm.type_error("keywords must be strings");
            return false;
        }
        Str* name = key.as<Str>();
        for (unsigned i = code->positional_only; i < positional + keyword_only; i++) {
            Str* parameter = code->locals->items[i].as<Str>();
            if (parameter != name && !equal(parameter, name)) continue;
            if (!registers[i].is_unbound()) {
                vm.type_error("%s() got multiple values for argument '%s'", text(f->qualname).c_str(),
                              name->data());
                return false;
            }
            registers[i] = v;
            return true;
        }
        if (extra) {
            if (!vm.set(extra, name, v)) {
                vm.out_of_memory();
                return false;
            }
            return true;
        }
        for (unsigned i = 0; i < code->positional_only; i++)
            if (equal(code->locals->items[i].as<Str>(), name)) {
                positional_by_name.push_back(text(key));
                return true;
            }
        if (!positional_by_name.empty()) return true;
        vm.type_error("%s() got an unexpected keyword argument '%s'", text(f->qualname).c_str(),
                      name->data());
        return false;
    });
    if (!good) return false;
    if (!positional_by_name.empty()) {
        std::string names;
        for (auto& n : positional_by_name) names += (names.empty() ? "" : ", ") + n;
        vm.type_error("%s() got some positional-only arguments passed as keyword arguments: '%s'",
                      text(f->qualname).c_str(), names.c_str());
        return false;
    }
    if (given > positional && !var_args) {
        too_many_positional(vm, f, given, registers);
        return false;
    }
    if (given < positional) {
        const unsigned defaults = f->defaults.is_object() ? unsigned(f->defaults.as<Tuple>()->size) : 0;
        std::vector<std::string> absent;
        for (unsigned i = unsigned(given); i < positional; i++) {
            if (!registers[i].is_unbound()) continue;
            if (i + defaults >= positional)
                registers[i] = f->defaults.as<Tuple>()->items[i + defaults - positional];
            else
                absent.push_back(text(code->locals->items[i]));
        }
        if (!absent.empty()) {
            missing(vm, f, "positional", absent);
            return false;
        }
    }
    std::vector<std::string> absent;
    for (unsigned i = positional; i < positional + keyword_only; i++) {
        if (!registers[i].is_unbound()) continue;
        Value v = f->kwdefaults.is_object()
                      ? vm.get(f->kwdefaults.as<Dict>(), code->locals->items[i].as<Str>())
                      : Value::unbound();
        if (v.is_unbound())
            absent.push_back(text(code->locals->items[i]));
        else
            registers[i] = v;
    }
    if (!absent.empty()) {
        missing(vm, f, "keyword-only", absent);
        return false;
    }
    return true;
}

// ---- binding to natives

std::string native_name(VM& vm, const Native* n, bool qualified) {
    std::string_view s = n->def->signature.text;
    std::string name(s.substr(0, s.find('(')));
    if (n->owner.is_object() && (name == "__new__" || name == "__init__"))
        return std::string(vm.class_name(n->owner.as<Class>()));
    if (qualified && n->owner.is_object())
        name = std::string(vm.class_name(n->owner.as<Class>())) + "." + name;
    return name;
}

// The i-th parameter name of the signature, in the order of the slots (without * parameters).
static std::string_view parameter_name(const Signature& s, unsigned wanted) {
    std::string_view t = s.text;
    size_t p = t.find('(') + 1;
    unsigned i = 0;
    int depth = 0;
    size_t start = std::string_view::npos;
    for (; p < t.size(); p++) {
        char c = t[p];
        bool end = depth == 0 && (c == ',' || c == ')' || c == '=');
        if (end) {
            if (start != std::string_view::npos) {
                if (i++ == wanted) return t.substr(start, p - start);
                start = std::string_view::npos;
            }
            if (c == '=') {  // skip the default
                int d = 0;
                while (p + 1 < t.size() && (d > 0 || (t[p + 1] != ',' && t[p + 1] != ')'))) {
                    p++;
                    d += (t[p] == '(' || t[p] == '[') - (t[p] == ')' || t[p] == ']');
                }
            }
            continue;
        }
        if (c == ' ' || c == '/') continue;
        if (c == '*') {
            while (p + 1 < t.size() && t[p + 1] != ',' && t[p + 1] != ')') p++;
            continue;
        }
        if (start == std::string_view::npos) start = p;
    }
    return {};
}

bool is_operator(const Native* n) {
    if (n->shape != kShapeSlotWrapper) return false;
    std::string_view name = n->def->signature.text;
    name = name.substr(0, name.find('('));
    const Kind kind = n->owner.as<Class>()->instance_kind;
    if (name == "__getitem__") return kind != Kind::List && kind != Kind::Dict;
    if (name == "__contains__") return kind != Kind::Dict && kind != Kind::Set;
    return name != "__format__" && name != "__new__" && name != "__init__" && name != "__round__" &&
           name != "__reversed__";
}

static void native_arity(VM& vm, const Native* n, size_t given, bool method) {
    const Signature& s = n->def->signature;
    size_t required = s.required, most = s.positional;
    if (method && given == 0) {
        if (n->shape == kShapeSlotWrapper)
            vm.type_error("descriptor '%s' of '%s' object needs an argument",
                          native_name(vm, n, false).c_str(),
                          std::string(vm.class_name(n->owner.as<Class>())).c_str());
        else
            vm.type_error("unbound method %s() needs an argument", native_name(vm, n, true).c_str());
        return;
    }
    if (method) {
        required -= required > 0;
        most -= most > 0;
        given -= given > 0;
    }
    bool only = s.positional_only == s.positional && !s.keyword_only;
    if (only && !s.var_args && is_operator(n)) {
        bool few = given < required;
        size_t bound = few ? required : most;
        vm.type_error("%sexpected %s%zu argument%s, got %zu", most > 1 ? " " : "",
                      required == most ? ""
                      : few            ? "at least "
                                       : "at most ",
                      bound, plural(bound), given);
        return;
    }
    if (only && !s.var_args && required == most && most <= 1) {
        std::string name = native_name(vm, n, true);
        if (most == 0)
            vm.type_error("%s() takes no arguments (%zu given)", name.c_str(), given);
        else
            vm.type_error("%s() takes exactly one argument (%zu given)", name.c_str(), given);
        return;
    }
    if (only && (n->def->flags & kPlainCount)) {
        bool few = given < required;
        size_t bound = few ? required : most;
        vm.type_error("%s() takes at %s %zu argument%s (%zu given)", native_name(vm, n, false).c_str(),
                      few ? "least" : "most", bound, plural(bound), given);
        return;
    }
    if (only) {
        std::string name = native_name(vm, n, false);
        bool few = given < required;
        size_t bound = few ? required : most;
        vm.type_error("%s expected %s%zu argument%s, got %zu", name.c_str(),
                      required == most && !s.var_args ? ""
                      : few                           ? "at least "
                                                      : "at most ",
                      bound, plural(bound), given);
        return;
    }
    std::string name = native_name(vm, n, false);
    if (given > most && most == 0) {
        vm.type_error("%s() takes no positional arguments", name.c_str());
        return;
    }
    if (given > most) {
        size_t keywords = most + s.keyword_only;
        if (s.positional == s.positional_only || s.keyword_only)
            vm.type_error("%s() takes %s %zu positional argument%s (%zu given)", name.c_str(),
                          required == most ? "exactly" : "at most", most, plural(most), given);
        else
            vm.type_error("%s() takes %s %zu argument%s (%zu given)", name.c_str(),
                          required == most ? "exactly" : "at most", keywords, plural(keywords), given);
        return;
    }
    vm.type_error("%s() missing required argument '%s' (pos %zu)", name.c_str(),
                  std::string(parameter_name(s, unsigned(given + method))).c_str(), given + 1);
}

bool bind_native(VM& vm, const Native* n, Value* slots, const Arguments& a) {
    const Signature& s = n->def->signature;
    const bool method = n->owner.is_object() && (!(n->def->flags & kStaticNative) ||
                                                 std::string_view(s.text).starts_with("__new__("));
    const size_t given = a.positional();
    const unsigned args_slot = s.positional + s.keyword_only;
    for (unsigned i = 0; i < s.parameters(); i++) slots[i] = Value::unbound();
    for (size_t i = 0; i < given && i < s.positional; i++) slots[i] = a.at(i);
    if (given > s.positional && !s.var_args) {
        native_arity(vm, n, given, method);
        return false;
    }
    if (s.var_args) {
        size_t rest = given > s.positional ? given - s.positional : 0;
        Tuple* t = rest ? make_tuple(vm.heap, rest) : vm.empty_tuple;
        if (!t) {
            vm.out_of_memory();
            return false;
        }
        for (size_t i = 0; i < rest; i++) t->items[i] = a.at(s.positional + i);
        slots[args_slot] = Value::object(t);
    }
    if (a.has_keywords()) {
        if (!s.var_keywords && s.positional == s.positional_only && !s.keyword_only) {
            vm.type_error("%s() takes no keyword arguments", native_name(vm, n, true).c_str());
            return false;
        }
        Dict* extra = nullptr;
        bool good = a.each_keyword([&](Value key, Value v) {
            if (!is_str(key)) {
                vm.type_error("keywords must be strings");
                return false;
            }
            for (unsigned i = s.positional_only; i < unsigned(s.positional + s.keyword_only); i++) {
                if (parameter_name(s, i) != key.as<Str>()->view()) continue;
                if (!slots[i].is_unbound()) {
                    vm.type_error("argument for %s() given by name ('%s') and position (%u)",
                                  native_name(vm, n, false).c_str(), key.as<Str>()->data(), i + 1 - method);
                    return false;
                }
                slots[i] = v;
                return true;
            }
            if (!s.var_keywords) {
                vm.type_error("'%s' is an invalid keyword argument for %s()", key.as<Str>()->data(),
                              native_name(vm, n, false).c_str());
                return false;
            }
            if (!extra) {
                extra = vm.dict();
                slots[args_slot + s.var_args] = Value::object(extra);
            }
            if (!vm.set(extra, key.as<Str>(), v)) {
                vm.out_of_memory();
                return false;
            }
            return true;
        });
        if (!good) return false;
    }
    for (unsigned i = 0; i < s.required; i++)
        if (slots[i].is_unbound()) {
            if (i < given) continue;
            if (s.positional_only != s.positional || s.keyword_only)
                vm.type_error("%s() missing required argument '%s' (pos %u)",
                              native_name(vm, n, false).c_str(), std::string(parameter_name(s, i)).c_str(),
                              i + 1 - method);
            else
                native_arity(vm, n, given, method);
            return false;
        }
    return true;
}

}  // namespace gen
