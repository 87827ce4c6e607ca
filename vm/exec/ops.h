// The operations of the language on values of any type. Each answers an Outcome: a value when built-in code can tell (no script
// code involved), else a call request; see outcome.h for how to use them.
#pragma once
#include "vm/exec/vm.h"

namespace gen {

// What a class is to a match statement, as bits of CPython's tp_flags: 32 a sequence, 64 a mapping.
int64_t collection_bits(VM&, const Class*);
// The UnicodeEncodeError for the first surrogate of a str that has any.
Outcome surrogates_not_allowed(VM&, Value text);

// ---- ops_number.cpp, ops_update.cpp, ops_compare.cpp
Outcome op_binary(VM&, BinaryOp, Value a, Value b, bool in_place = false);
Outcome op_negative(VM&, Value v);
Outcome op_positive(VM&, Value v);
Outcome op_invert(VM&, Value v);
Outcome op_compare(VM&, CompareOp, Value a, Value b);  // any result, as the method gives it
Outcome op_equal(VM&, Value a, Value b);  // identity first, then ==, as containers compare: True or False
Outcome op_truth(VM&, Value v);           // True or False
Outcome op_not(VM&, Value v);
Outcome op_hash(VM&, Value v);   // an int
Outcome op_index(VM&, Value v);  // operator.index: an int (exact)

// ---- ops_item.cpp, ops_iter.cpp, ops_table.cpp
Outcome op_len(VM&, Value v);
Outcome op_getitem(VM&, Value v, Value key);
Outcome op_setitem(VM&, Value v, Value key, Value item);
Outcome op_delitem(VM&, Value v, Value key);
Outcome op_contains(VM&, Value v, Value item);  // True or False
Outcome op_iter(VM&, Value v);
Outcome op_next(VM&, Value iterator);   // or Outcome::stop()
Outcome op_list(VM&, Value iterable);   // a new list
Outcome op_tuple(VM&, Value iterable);  // a tuple; the same one if it is exact
Outcome op_length_hint(VM&, Value v, int64_t otherwise);
// Exact dicts and sets, keys of any kind:
Outcome op_dict_get(VM&, Dict* d, Value key);           // absent: Outcome::stop()
Outcome op_dict_set(VM&, Dict* d, Value key, Value v);  // None
Outcome op_dict_del(VM&, Dict* d, Value key);           // the value removed; absent: Outcome::stop()
Outcome op_set_add(VM&, Set* s, Value item);            // True: was not there
Outcome op_set_contains(VM&, Set* s, Value item);       // True or False
Outcome op_set_discard(VM&, Set* s, Value item);        // True: was there

// ---- ops_attribute.cpp
Outcome op_getattr(VM&, Value v, Str* name);
Outcome op_getattr_or_stop(VM&, Value v, Str* name);  // AttributeError: Outcome::stop()
Outcome op_setattr(VM&, Value v, Str* name, Value item);
Outcome op_delattr(VM&, Value v, Str* name);
Outcome generic_getattr(VM&, Value v, Str* name);  // object.__getattribute__
Outcome plain_getattribute(VM&, Value v,
                           Str* name);  // the built-in __getattribute__ of v's type, whichever that is
Outcome generic_setattr(VM&, Value v, Str* name,
                        Value item);                      // object.__setattr__; item unbound: __delattr__
Value get_instance_attribute(VM&, Object* o, Str* name);  // its own, without the class; unbound: absent
bool set_instance_attribute(VM&, Object* o, Str* name, Value v);
bool delete_instance_attribute(VM&, Object* o, Str* name);  // false: absent
Dict* instance_dict(VM&, Object* o);  // o.__dict__: goes over to dictionary mode; null: has none
bool replace_instance_dict(VM&, Object* o, Dict* d);
void make_root_shape(VM&, Class* cls);  // for new instances, with room for cls->inline_slots
Value lookup_super(VM&, const Super*,
                   Str* name);  // in the classes behind its type in the MRO; unbound: absent
bool is_data_descriptor(VM&, Value attribute);
bool is_descriptor(VM&, Value attribute);  // has __get__

// ---- ops_text.cpp
Outcome op_repr(VM&, Value v);
Outcome op_str(VM&, Value v);
Outcome op_ascii(VM&, Value v);
Outcome op_format(VM&, Value v, Value spec);  // spec: Str
// The plain form for exact built-in types, never calls out; unbound: not handled.
Value fast_repr(VM&, Value v);
Value fast_str(VM&, Value v);

// ---- ops_isinstance.cpp, class.cpp and what goes with it
Outcome op_isinstance(VM&, Value v, Value cls);
Outcome op_issubclass(VM&, Value sub, Value cls);
bool is_callable(VM&, Value v);
Outcome descriptor_get(VM&, Value attribute, Value instance,
                       Value owner);  // instance unbound: through the class
Outcome make_class(VM&, Class* metaclass, Str* name, Tuple* bases, Dict* namespace_, Value keywords);
Outcome class_getattr(VM&, Class* cls, Str* name);           // type.__getattribute__
Outcome class_setattr(VM&, Class* cls, Str* name, Value v);  // v unbound: delete
// Sets an attribute of the class itself, built-in or not; keeps caches and specials right. v unbound: deletes it.
void set_class_attribute(VM&, Class* cls, Str* name, Value v);
// The class alone, without __set_name__ and __init_subclass__; null: raised.
Class* create_class(VM&, Class* metaclass, Str* name, Tuple* bases, Dict* namespace_);
bool set_bases(VM&, Class* cls, Tuple* bases);  // cls.__bases__ = bases; false: raised
bool set_mro(VM&, Class* cls, Tuple* mro);      // what the metaclass's mro() says; false: raised
bool is_class_name(VM&, Value name);            // a str without NUL and surrogates; false: raised
Class* calculate_metaclass(VM&, Class* metaclass, Tuple* bases);            // null: raised (conflict)
void each_subclass(VM&, Class* cls, const std::function<void(Class*)>& f);  // direct ones

}  // namespace gen
