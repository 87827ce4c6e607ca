// The arguments of a call, wherever they stand, and how they are bound to parameters.
#pragma once
#include "vm/exec/vm.h"

namespace gen {

struct Arguments {
    const Value* items;
    unsigned count;
    Value tuple;     // further positional ones: Tuple, List, or unbound
    Value keywords;  // Tuple of names of the last items, Dict, or unbound

    size_t more() const {
        if (tuple.is_unbound()) return 0;
        return tuple.as_object()->kind == Kind::List ? tuple.as<List>()->size : tuple.as<Tuple>()->size;
    }
    const Value* more_items() const {
        return tuple.as_object()->kind == Kind::List ? tuple.as<List>()->items->items
                                                     : tuple.as<Tuple>()->items;
    }
    unsigned named() const {
        return !keywords.is_unbound() && keywords.as_object()->kind == Kind::Tuple
                   ? unsigned(keywords.as<Tuple>()->size)
                   : 0;
    }
    size_t positional() const { return count - named() + more(); }
    Value at(size_t i) const {
        size_t own = count - named();
        return i < own ? items[i] : more_items()[i - own];
    }
    bool has_keywords() const {
        if (keywords.is_unbound()) return false;
        if (keywords.as_object()->kind == Kind::Tuple) return keywords.as<Tuple>()->size > 0;
        return dict_length(keywords.as<Dict>()) > 0;
    }
    // f(name, value) for each keyword; stops at false.
    template <class F>
    bool each_keyword(F f) const {
        if (keywords.is_unbound()) return true;
        if (keywords.as_object()->kind == Kind::Tuple) {
            auto* names = keywords.as<Tuple>();
            for (size_t i = 0; i < names->size; i++)
                if (!f(names->items[i], items[count - names->size + i])) return false;
            return true;
        }
        uint32_t position = 0;
        while (DictEntry* e = next_entry(keywords.as<Dict>(), position))
            if (!f(e->key, e->value)) return false;
        return true;
    }
};

// Fill the registers of a function's frame, or a native's slots (one for every parameter of its signature, unbound where there is
// none), from the arguments. False: they do not fit, and a TypeError is raised; or memory has ended.
bool bind(VM&, Function*, Value* registers, const Arguments&);
bool bind_native(VM&, const Native*, Value* slots, const Arguments&);

// As messages name it: "list.append" if qualified, else "append"; "len".
std::string native_name(VM&, const Native*, bool qualified);
bool is_operator(
    const Native*);  // what CPython makes of a slot of the type, rather than of a table of methods

}  // namespace gen
