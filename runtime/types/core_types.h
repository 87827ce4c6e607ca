// The types of the language's own objects: object, type, functions and descriptors, exceptions, generators.
#pragma once
#include "vm/exec/vm.h"

namespace gen {

void define_object(VM&);
void define_type_type(VM&);
void define_descriptors(
    VM&);  // property, classmethod, staticmethod, member and slot descriptors, mappingproxy
void define_super(VM&);
void define_functions(VM&);  // function, method, built-in functions and methods
void define_code(VM&);       // code, cell
void define_module_type(VM&);
void define_frames(VM&);  // frame, traceback
void define_exceptions(VM&);
void define_exception_groups(VM&);
void define_generators(VM&);  // generator, coroutine; sets vm.natives.close_generator and throw_level
void define_async_generators(VM&);
void define_weakref(VM&);
void define_generic_alias(VM&);  // list[int], int | str

// OSError or its subclass for an errno.
BuiltinShape os_error_class(int64_t number);
Outcome raise_os_error(VM&, int number, Value filename = Value::unbound(),
                       Value filename2 = Value::unbound());

// ---- frames as scripts see them (frames.cpp)
// The innermost frame of code that is not hidden, `depth` frames further out; null: there are not that many.
Frame* visible_frame(VM&, int64_t depth = 0);
Dict* frame_globals(VM&);  // of the innermost visible frame; those of the prelude if there is none
// The names that a frame's code can see: the globals dict itself for module code, the namespace for class bodies, else
// a new dict. Unbound: out of memory.
Value frame_locals(VM&, Frame*);
Value frame_info(VM&, Frame*);  // a frame object: a copy of what is known now; None without a frame

}  // namespace gen
