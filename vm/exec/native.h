// Natives: functions of the language that are written in C++.
//
// A NativeDef is static data: its signature (in Python's notation; parsed at compile time) drives the binding of
// arguments, arity errors, and the docstring. A native receives one Value for every parameter, in the order of the
// signature; a missing optional one is unbound, *args is a Tuple, **kwargs a Dict (or unbound when empty).
//
//   plain native   Outcome fn(VM&, Value* args)             never sees a collection: needs no rooting; may not keep pointers
//   step native    Outcome step(VM&, NativeFrame& frame)    stepped again after every call that it awaits
//
// With both, fn is the fast form: where it answers unhandled(), a NativeFrame is pushed and step takes over with the
// same arguments.
#pragma once
#include "vm/exec/frame.h"
#include "vm/exec/outcome.h"

#include <span>

namespace gen {

class VM;
struct NativeFrame;
using PlainFn = Outcome (*)(VM&, Value* args);
using StepFn = Outcome (*)(VM&, NativeFrame& frame);

struct Signature {
    const char* text = "";  // "name(self, a, b=None, /, *args, key, **kw)"
    uint8_t positional_only = 0;
    uint8_t positional = 0;  // including positional_only
    uint8_t required = 0;    // of the positional ones
    uint8_t keyword_only = 0;
    bool var_args = false;
    bool var_keywords = false;
    constexpr unsigned parameters() const { return positional + keyword_only + var_args + var_keywords; }
    // Slots: positional, keyword-only, *args, **kwargs.

    consteval Signature(const char* s) : text(s) {
        const char* p = s;
        while (*p && *p != '(') p++;
        if (*p) p++;
        bool keywords = false, defaulted = false, in_name = false;
        int depth = 0;
        for (;; p++) {
            char c = *p;
            bool end = c == 0 || (c == ')' && depth == 0);
            if ((c == ',' && depth == 0) || end) {
                if (in_name) {
                    if (keywords)
                        keyword_only++;
                    else {
                        positional++;
                        if (!defaulted) required++;
                    }
                }
                in_name = defaulted = false;
                if (end) break;
                continue;
            }
            if (c == '(' || c == '[') depth++;
            if (c == ')' || c == ']') depth--;
            if (depth > 0 || c == ' ') continue;
            if (in_name) {
                if (c == '=') defaulted = true;
                continue;
            }
            if (c == '/') {
                positional_only = positional;
                continue;
            }
            if (c == '*') {
                if (p[1] == '*') {
                    var_keywords = true;
                    p++;
                    while (p[1] && p[1] != ',' && p[1] != ')') p++;
                    continue;
                }
                keywords = true;
                if (p[1] != ',' && p[1] != ')') {
                    var_args = true;
                    while (p[1] && p[1] != ',' && p[1] != ')') p++;
                }
                continue;
            }
            if (c != ')') in_name = true;
        }
    }
};

enum NativeFlags : uint16_t {
    kStaticNative = 1,  // __new__ and static methods: no receiver
    kClassNative = 2,   // class method: first argument is the class
    kConsumes = 4,      // iterates over its first argument during the call only, then lets it go
    kAnyReceiver = 16,  // a method that takes any object as self (object's own, mostly)
    kHiddenNative = 32,
    kSeesTermination = 8,  // await_catching brings a termination back, too: to tidy up, and raise it again
    kPlainCount = 64,      // arity errors read "find() takes at most 3 arguments (4 given)"
};

struct NativeDef {
    Signature signature;
    PlainFn fn = nullptr;
    StepFn step = nullptr;
    uint16_t locals = 0;  // registers of the NativeFrame behind the parameters
    uint16_t flags = 0;
    const char* doc = "";
};

// An attribute of instances of a built-in class that C++ keeps (a getset descriptor).
struct AttributeDef {
    const char* name;
    Outcome (*get)(VM&, Value self);
    Outcome (*set)(VM&, Value self, Value v) = nullptr;  // v unbound: delete; null: read-only
    const char* doc = "";
};

// The frame of a step native. Registers: parameters, then `locals`.
struct NativeFrame : Frame {
    Native* native() const { return static_cast<Native*>(static_cast<Object*>(function)); }
    Value& operator[](size_t i) { return registers[1 + i]; }  // parameter or local i
    uint32_t& step_state() { return *reinterpret_cast<uint32_t*>(&link); }

    // The result of the operation that was awaited last; unbound: the iterator is exhausted (op_next), absent (operations that
    // answer stop()), or an exception was caught (await_catching).
    Value& result() { return registers[0]; }
    // To be used as
    //     if (!frame.await(vm, op_next(vm, frame[0]), kGotItem)) return vm.pending;
    //     [[fallthrough]];
    //   case kGotItem: ... frame.result() ...
    // True: the result is there already, go on. False: return vm.pending; the native is stepped again in `next_state`.
    bool await(VM& vm, Outcome o, uint32_t next_state);
    // As await, and an exception that the operation raises comes back here instead of passing through: result() is then
    // unbound and vm.caught holds the exception.
    bool await_catching(VM& vm, Outcome o, uint32_t next_state);
};

}  // namespace gen
