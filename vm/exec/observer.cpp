#include "vm/exec/observer.h"

#include "vm/exec/vm.h"

namespace gen {

void observe(VM& vm, const Frame* g, Observed what, Value value) {
    if (!vm.observer || !g->is_generator() || g->code()->entry()->op() != Op::OBSERVE) return;
    // What is yielded and sent passes between the leaf and the consumer of the root; what is returned and
    // raised goes to whoever waits directly: a delegator, if there is one.
    bool direct = what == Observed::Returns || what == Observed::Raises;
    vm.observer->observe(vm, g, what, value, direct ? g->parent : g->link->parent);
}

}  // namespace gen
