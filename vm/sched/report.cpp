// Who waits for what: the text of a deadlock, and of a dump on request.
#include "vm/sched/report.h"
#include "vm/exec/exec.h"
#include "vm/sched/lock.h"

#include <algorithm>
#include <cstdio>

namespace gen {

namespace {

const char* const kWaitTexts[] = {
#define WAIT(name, text) text,
#include "vm/sched/waits.def"
#undef WAIT
};

constexpr size_t kShown = 12;  // functions of a chain

std::string text_of(Value str) { return std::string(str.as<Str>()->view()); }

const Frame* delegate_of(const Frame* g) {
    Value v = delegated_to(g);
    return v.is_object() && v.as_object()->kind == Kind::Generator ? v.as<Frame>() : nullptr;
}

// The library's own code stands under this name.
constexpr std::string_view kLibrary = "<gen>/";

bool is_shown(const Frame* f) {
    return !f->is_native() && !(f->code()->code_flags & Code::kHidden) &&
           !f->code()->filename.as<Str>()->view().starts_with(kLibrary);
}

void add_place(std::string& s, const Frame* f, const char* indent) {
    const Code* code = f->code();
    s += "\n" + std::string(indent) + "File \"" + text_of(code->filename) + "\", line " +
         std::to_string(position_of(*code, f->pc_offset()).line) + ", in " + text_of(code->qualname);
}

std::string title(const VM& vm, const Fiber* f) {
    std::string s = "thread " + std::to_string(f->id);
    if (f->name.is_object())
        s += " (" + text_of(f->name) + ")";
    else if (f == vm.main_fiber)
        s += " (MainThread)";
    return s;
}

std::string holder_of(const VM& vm, const Lock* l, const Fiber* waiting) {
    if (l->owner == owner_id(waiting)) return "";
    for (const Fiber* f : vm.scheduler.fibers())
        if (l->owner == owner_id(f) && l->count) return " held by " + title(vm, f);
    return "";
}

const Frame* innermost(const VM& vm, const Fiber* f) {
    return f->state == Fiber::kRunningFiber ? vm.frame : f->frame;
}

}  // namespace

std::string library_call(const Frame* f) {
    const Frame* last = nullptr;
    for (; f && !is_shown(f); f = f->parent)
        if (!f->is_native()) last = f;
    return f && last ? text_of(last->code()->qualname) : std::string();
}

std::string duration_text(int64_t nanoseconds) {
    char text[32];
    double seconds = double(nanoseconds) / 1e9;
    if (nanoseconds == 0) return "0 s";
    if (nanoseconds < 999'500)
        std::snprintf(text, sizeof text, "%.3g µs", seconds * 1e6);
    else if (nanoseconds < 999'500'000)
        std::snprintf(text, sizeof text, "%.3g ms", seconds * 1e3);
    else if (seconds < 99.95)
        std::snprintf(text, sizeof text, "%.3g s", seconds);
    else
        std::snprintf(text, sizeof text, "%.0f s", seconds);
    return text;
}

void describe_calls(std::string& s, const Frame* f, const char* indent) {
    size_t shown = 0;
    for (; f; f = f->parent) {
        if (!is_shown(f)) continue;
        if (shown++ == kShown) {
            s += "\n" + std::string(indent) + "...";
            return;
        }
        add_place(s, f, indent);
    }
}

void describe_delegates(std::string& s, const Frame* g, const char* indent) {
    std::vector<const Frame*> chain;
    for (; g && g->is_generator() && g->state != kDone; g = delegate_of(g)) {
        if (is_shown(g)) chain.push_back(g);
        if (g->state == kRunning) break;
    }
    std::reverse(chain.begin(), chain.end());
    for (size_t i = 0; i < std::min(chain.size(), kShown); i++) add_place(s, chain[i], indent);
    if (chain.size() > kShown) s += "\n" + std::string(indent) + "...";
}

std::string describe_wait(VM& vm, const Fiber* f) {
    if (f->state == Fiber::kRunningFiber) return "runs";
    std::string s = kWaitTexts[int(f->wait)];
    if (f->state != Fiber::kParked) return s;
    if (f->wait == Wait::Loop && f->deadline != kForever && vm.clock)
        return "runs an event loop, whose next timer goes off in " +
               duration_text(std::max<int64_t>(f->deadline - vm.clock->now(), 0));
    if (f->waits_on.is_object() && f->waits_on.as_object()->kind == Kind::Lock)
        s += holder_of(vm, f->waits_on.as<Lock>(), f);
    if (f->wait == Wait::Time && vm.clock)
        s += " for another " + duration_text(std::max<int64_t>(f->deadline - vm.clock->now(), 0));
    std::string through = f->wait == Wait::Loop ? "" : library_call(f->frame);
    return through.empty() ? s : s + ", in " + through;
}

constexpr size_t kMostFibers = 100;  // of a bomb of threads nobody wants to see more

std::string describe_fibers(VM& vm) {
    std::vector<Fiber*> fibers = vm.scheduler.fibers();
    std::sort(fibers.begin(), fibers.end(), [](const Fiber* a, const Fiber* b) { return a->id < b->id; });
    std::string s;
    size_t shown = 0;
    for (const Fiber* f : fibers) {
        if (!s.empty()) s += '\n';
        if (shown++ == kMostFibers)
            return s + "  and " + std::to_string(fibers.size() - kMostFibers) + " more threads";
        s += "  " + title(vm, f) + " " + describe_wait(vm, f);
        describe_calls(s, innermost(vm, f), "    ");
        if (vm.describe_wait) s += vm.describe_wait(vm, f);
    }
    return s;
}

}  // namespace gen
