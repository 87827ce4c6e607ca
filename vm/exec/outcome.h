// What an operation answers. No C++ code that a script can reach runs the interpreter: an operation that has to run script
// code (or wait) describes what is to happen in the VM's request and answers so; the interpreter does it.
//
// The rule for using an operation that answers an Outcome (all op_... functions, natives, step natives):
//   - a plain native may only *return* it: a call request then stands for the native itself (a tail call);
//   - a step native awaits it: see NativeFrame::await;
//   - the interpreter lands it.
#pragma once
#include "vm/data/value.h"

namespace gen {

class Outcome {
  public:
    constexpr Outcome(Value v) : bits_(v.bits()) {}  // a result; never unbound unless an operation says so
    static constexpr Outcome raised() { return Outcome(uint64_t{4}); }  // vm.exception is set
    static constexpr Outcome call() { return Outcome(uint64_t{12}); }   // vm.request is set
    static constexpr Outcome park() {
        return Outcome(uint64_t{20});
    }  // the fiber waits; vm.fiber says for what
    static constexpr Outcome collect() {
        return Outcome(uint64_t{28});
    }  // nothing done yet: collect, then run me again
    static constexpr Outcome unhandled() {
        return Outcome(uint64_t{36});
    }  // the fast form does not apply: use the step form
    static constexpr Outcome stop() { return Outcome(uint64_t{44}); }  // op_next, __next__: exhausted

    constexpr bool is_value() const { return (bits_ & 7) != 4; }
    constexpr bool is_raised() const { return bits_ == 4; }
    constexpr bool is_call() const { return bits_ == 12; }
    constexpr bool is_park() const { return bits_ == 20; }
    constexpr bool is_collect() const { return bits_ == 28; }
    constexpr bool is_unhandled() const { return bits_ == 36; }
    constexpr bool is_stop() const { return bits_ == 44; }
    constexpr Value value() const { return Value::from_bits(bits_); }

  private:
    explicit constexpr Outcome(uint64_t bits) : bits_(bits) {}
    uint64_t bits_;
};

}  // namespace gen
