// The definitions of the built-in classes: each fills in the methods and attributes of one.
#pragma once

namespace gen {

class VM;

void define_int(VM&);
void define_bool(VM&);
void define_float(VM&);
void define_complex(VM&);
void define_str(VM&);
void define_bytes(VM&);
void define_bytearray(VM&);
void define_memoryview(VM&);

void define_list(VM&);
void define_tuple(VM&);
void define_dict(VM&);
void define_set(VM&);
void define_range(VM&);
void define_slice(VM&);
void define_iterators(VM&);
void define_singletons(VM&);
void define_builtins(VM&);
void define_core_natives(VM&);  // what the prelude needs, into its globals

}  // namespace gen
