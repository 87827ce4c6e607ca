// For natives that run long and cannot be suspended: they ask now and then whether the script is to stop.
#pragma once
#include "vm/exec/exec.h"
#include "vm/exec/special.h"

namespace gen {

// Ctrl-C, the host, a deadline or the limit of steps has ended what runs: give up, and answer stop_now().
inline bool stop_due(VM& vm) {
    if (vm.termination) return vm.steps_now() >= vm.grace_end;
    return vm.interrupt.load(std::memory_order_relaxed) & ~uint32_t(kInterruptShow) ||
           (vm.limits.steps && vm.steps_now() >= vm.limits.steps) || is_past_deadline(vm);
}
// Raises what a safepoint would raise now.
Outcome stop_now(VM&);

// Charges for what is about to be done, once; false: it is too much, answer stop_now().
inline bool pay(VM& vm, uint64_t steps) {
    constexpr uint64_t kMuch = 1 << 12;
    charge(vm, steps);
    return steps < kMuch || !stop_due(vm);
}

}  // namespace gen
