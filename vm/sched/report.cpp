// Who waits for what: the text of a deadlock, and of a dump on request.
#include "vm/exec/exec.h"

#include <algorithm>

namespace gen {

namespace {

const char* const kWaitTexts[] = {
#define WAIT(name, text) text,
#include "vm/sched/waits.def"
#undef WAIT
};

void add_place(std::string& s, const Frame* f) {
    const Code* code = f->code();
    if (code->code_flags & Code::kHidden) return;
    s += "\n    File \"" + std::string(code->filename.as<Str>()->view()) + "\", line " +
         std::to_string(position_of(*code, f->pc_offset()).line) + ", in " + std::string(code->qualname.as<Str>()->view());
}

// Innermost first; a delegating generator leads to its leaf through parents.
void add_places(std::string& s, const Frame* f) {
    constexpr int kShown = 12;
    int shown = 0;
    for (; f; f = f->parent) {
        if (f->is_native()) continue;
        if (shown++ == kShown) { s += "\n    ..."; return; }
        add_place(s, f);
    }
}

}   // namespace

std::string describe_fibers(VM& vm) {
    std::vector<Fiber*> fibers = vm.scheduler.fibers();
    std::sort(fibers.begin(), fibers.end(), [](const Fiber* a, const Fiber* b) { return a->id < b->id; });
    std::string s;
    for (const Fiber* f : fibers) {
        if (!s.empty()) s += '\n';
        s += "  thread " + std::to_string(f->id);
        if (f->name.is_object()) s += " (" + std::string(f->name.as<Str>()->view()) + ")";
        else if (f == vm.main_fiber) s += " (MainThread)";
        s += f == vm.fiber && f->state == Fiber::kRunningFiber ? " runs" : std::string(" ") + kWaitTexts[int(f->wait)];
        add_places(s, f == vm.fiber ? vm.frame : f->frame);
        if (vm.describe_wait) s += vm.describe_wait(vm, f);
    }
    return s;
}

}   // namespace gen
