// The tasks of an event loop, for those who ask: the report of a deadlock, a dump on request, and the observer of the scheduler.
#include "runtime/modules/asyncio.h"

#include "vm/exec/vm.h"
#include "vm/sched/report.h"
#include "vm/sched/run_observer.h"

#include <algorithm>

namespace gen {

namespace {

std::string name_of(const Task* t) {
    if (t->name.is_int()) return "Task-" + std::to_string(t->name.as_int());
    return is_str(t->name) ? std::string(t->name.as<Str>()->view()) : "task";
}
bool is_task(Value v) {
    return v.is_object() && v.as_object()->kind == Kind::MediumRecord &&
           v.as_object()->shape != kShapeGatheringFuture;
}

struct Waiting {
    WaitsFor kind;
    std::string text;
};

std::string a_class(VM& vm, Value owner) {  // "an Event"
    std::string name(vm.class_name(vm.class_of(owner)));
    return (std::string_view("AEIO").find(name[0]) == std::string_view::npos ? "a " : "an ") + name;
}

Waiting waits_in(VM& vm, const NativeCoroutine* c) {
    switch (c->operation()) {
        case NativeCoroutine::kSleep: {
            double left = deadline_of(c) - loop_time(vm);
            return {WaitsFor::Time, "sleeps " + duration_text(int64_t(std::clamp(left, 0.0, 9e9) * 1e9))};
        }
        case NativeCoroutine::kQueueGet:
            return {WaitsFor::Lock, "waits for an item of " + a_class(vm, c->owner)};
        case NativeCoroutine::kQueuePut:
            return {WaitsFor::Lock, "waits for room in " + a_class(vm, c->owner)};
        case NativeCoroutine::kLockAcquire:
        case NativeCoroutine::kLockEnter:
        case NativeCoroutine::kEventWait:
            return {WaitsFor::Lock, "waits for " + a_class(vm, c->owner)};
        case NativeCoroutine::kStreamDrain:
            return {WaitsFor::Outside, "waits until output has gone out"};
        default:
            return {WaitsFor::Outside, "waits for input"};
    }
}

// Up to three of them by name.
Waiting waits_for_children(const GatheringFuture* g) {
    constexpr int kNamed = 3;
    const List* children = g->children.as<List>();
    int left = 0;
    std::string names;
    for (size_t i = 0; i < children->size; i++) {
        Value v = children->items->items[i];
        if (v.as<Future>()->done()) continue;
        if (left++ < kNamed)
            names +=
                (names.empty() ? "" : ", ") + (is_task(v) ? name_of(v.as<Task>()) : std::string("a Future"));
    }
    if (left > kNamed) names += " and " + std::to_string(left - kNamed) + " more";
    return {WaitsFor::Task, "waits for " + names};
}

Waiting waits_for(VM& vm, const Task* t) {
    Value w = t->waiter();
    if (is_native_coroutine(w) && w.as_object()->state == NativeCoroutine::kWaiting)
        return waits_in(vm, w.as<NativeCoroutine>());
    if (is_exact(w, kShapeGatheringFuture) && !w.as<Future>()->done())
        return waits_for_children(w.as<GatheringFuture>());
    if (is_task(w) && !w.as<Future>()->done()) return {WaitsFor::Task, "waits for " + name_of(w.as<Task>())};
    if (is_exact_future(w) && !w.as<Future>()->done()) return {WaitsFor::Lock, "waits for " + a_class(vm, w)};
    if (w.is_object() && !is_exact_future(w) && !is_native_coroutine(w))
        return {WaitsFor::Lock, "waits for " + a_class(vm, w)};
    return {WaitsFor::Turn, "is ready"};
}

// The tasks of the loop that runs in `f`, those first that were made first.
std::string describe_tasks(VM& vm, const Fiber* f) {
    if (!is_event_loop(f->loop)) return "";
    constexpr int kMost = 200;
    int told = 0, more = 0;
    std::string s;
    for (Value block = async_state(vm).first; block.is_object(); block = block.as<Array>()->items[1]) {
        for (size_t i = 2; i < block.as<Array>()->capacity; i++) {
            Value v = block.as<Array>()->items[i];
            if (!is_task(v) || !v.as<Task>()->loop.is(f->loop) || v.as<Task>()->done()) continue;
            if (told == kMost) {
                more++;
                continue;
            }
            told++;
            const Task* t = v.as<Task>();
            const bool runs = f->loop.as<EventLoop>()->current.is(v);
            s += "\n    task " + name_of(t) + " " + (runs ? "runs" : waits_for(vm, t).text);
            if (!runs && t->coroutine.is_object() && t->coroutine.as_object()->kind == Kind::Generator)
                describe_delegates(s, t->coroutine.as<Frame>(), "      ");
        }
    }
    if (more) s += "\n    and " + std::to_string(more) + " more tasks";
    return s;
}

bool has_not_begun(const Task* t) {
    Value c = t->coroutine;
    if (is_native_coroutine(c)) return c.as_object()->state == NativeCoroutine::kCreated;
    return c.is_object() && c.as_object()->kind == Kind::Generator && c.as_object()->state == kCreated;
}

}  // namespace

void observe_ready(VM& vm, Value entry) {
    if (is_task(entry))
        vm.scheduler.observer->task_ready(vm, entry.as_object(), has_not_begun(entry.as<Task>()),
                                          vm.scheduler.wakes_by_itself());
}
void observe_step(VM& vm, const Task* t) { vm.scheduler.observer->task_runs(vm, t, name_of(t)); }
void observe_step_end(VM& vm, const Task* t) {
    if (t->done()) return vm.scheduler.observer->task_ends(vm, t);
    Waiting w = waits_for(vm, t);
    vm.scheduler.observer->task_waits(vm, t, w.kind, w.kind == WaitsFor::Turn ? "" : w.text);
}

void install_task_reports(VM& vm) { vm.describe_wait = describe_tasks; }

}  // namespace gen
