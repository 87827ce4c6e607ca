#include "runtime/host/run_recorder.h"

#include "vm/exec/vm.h"
#include "vm/sched/report.h"

namespace gen {

using What = RunHistory::What;

RunRecorder::RunRecorder(VM& vm, size_t most_events)
    : vm_(vm), most_events_(most_events), start_(vm.clock->now()) {
    history_.jumps = vm.clock->is_virtual();
    running_ = fiber(vm.fiber);
    add(What::Runs, running_.lane);
}

const RunHistory& RunRecorder::history() { return history_; }

bool RunRecorder::is_full() {
    if (history_.events.size() < most_events_) return false;
    history_.more++;
    return true;
}

void RunRecorder::add(What what, unsigned lane, unsigned by, WaitsFor waits_for, std::string text) {
    if (is_full()) return;
    history_.events.push_back({what, waits_for, lane, by, vm_.clock->now() - start_, std::move(text)});
}

unsigned RunRecorder::begin_lane(std::string name, bool is_task, unsigned carrier) {
    history_.lanes.push_back({std::move(name), is_task, carrier, running()});
    return unsigned(history_.lanes.size()) - 1;
}

unsigned RunRecorder::running() const { return running_.task != kNobody ? running_.task : running_.lane; }

RunRecorder::Known& RunRecorder::fiber(const Fiber* f) {
    Known& known = fibers_[f->id];
    if (known.lane == kNobody)
        known.lane = begin_lane(f == vm_.main_fiber ? "main"
                                : vm_.finalizing    ? "finalisers"
                                                    : "thread " + std::to_string(f->id),
                                false, kNobody);
    return known;
}

// ---- fibers

void RunRecorder::begins(VM&, const Fiber* f) {
    if (is_full()) return;
    add(What::Begins, fiber(f).lane, running());
}

void RunRecorder::runs(VM&, const Fiber* f) {
    running_ = fiber(f);
    auto& events = history_.events;
    // It was pre-empted and nobody else was ready: it never stopped.
    auto was_preempted = [&](unsigned lane) {
        if (events.empty() || events.back().what != What::Stops ||
            events.back().waits_for != WaitsFor::Turn || events.back().lane != lane)
            return false;
        events.pop_back();
        return true;
    };
    if (was_preempted(running_.lane)) {
        if (running_.task != kNobody) was_preempted(running_.task);
        return;
    }
    add(What::Runs, running_.lane);
    if (running_.task != kNobody) add(What::Runs, running_.task);
}

void RunRecorder::stops(VM& vm, const Fiber* f) {
    Known& known = fiber(f);
    known.task = running_.task;
    if (f->name.is_object()) history_.lanes[known.lane].name = f->name.as<Str>()->view();
    WaitsFor why = WaitsFor::Outside;
    std::string text;
    switch (f->state == Fiber::kParked ? f->wait : Wait::Nothing) {
        case Wait::Nothing:
            why = WaitsFor::Turn;
            break;
        case Wait::Time:
            why = WaitsFor::Time;
            text = "sleeps " + duration_text(f->deadline - vm.clock->now());
            break;
        case Wait::Lock:
            why = WaitsFor::Lock;
            text = library_call(f->frame);
            text = text.empty() ? "waits for a lock" : "waits in " + text;
            break;
        case Wait::Loop:
            why = f->deadline == kForever ? WaitsFor::Outside : WaitsFor::Time;
            break;  // what its tasks wait for says more
        case Wait::Reactor:
            text = "waits for input or output";
            break;
        case Wait::Channel:
            text = "waits for an isolate";
            break;
        case Wait::Work:
            why = WaitsFor::Lock;
            text = "waits for work";
            break;
        case Wait::Host:
            text = "waits for the host";
            break;
    }
    if (f->state == Fiber::kEnded) {
        if (running_.task != kNobody) add(What::Ends, running_.task);
        add(What::Ends, known.lane);
        fibers_.erase(f->id);
    } else {
        if (running_.task != kNobody)
            add(What::Stops, running_.task, kNobody, why, text);  // its step has not ended
        add(What::Stops, known.lane, kNobody, why, std::move(text));
    }
    running_ = Known();
}

void RunRecorder::wakes(const Fiber* f, bool by_itself) {
    if (is_full()) return;
    Known& known = fiber(f);
    add(What::Wakes, known.task != kNobody ? known.task : known.lane, by_itself ? kNobody : running());
}

// ---- tasks

void RunRecorder::task_ready(VM&, const Object* task, bool begins, bool by_itself) {
    if (is_full()) return;
    auto at = tasks_.find(task);
    if (begins || at == tasks_.end()) {  // one that was collected before may have had the same address
        unsigned lane = begin_lane("task", true, running_.lane);
        tasks_[task] = lane;
        add(What::Begins, lane, running());
    } else if (at->second != running()) {
        // What happens between steps is the loop's own doing: a timer's.
        add(What::Wakes, at->second, by_itself || running_.task == kNobody ? kNobody : running());
    }
}

void RunRecorder::task_runs(VM&, const Object* task, const std::string& name) {
    auto at = tasks_.find(task);
    if (at == tasks_.end()) {
        if (is_full()) return;
        at = tasks_.emplace(task, begin_lane(name, true, running_.lane)).first;
    }
    history_.lanes[at->second].name = name;
    history_.lanes[at->second].carrier = running_.lane;
    running_.task = at->second;
    add(What::Runs, running_.task);
}

void RunRecorder::task_waits(VM&, const Object* task, WaitsFor what, const std::string& text) {
    if (auto at = tasks_.find(task); at != tasks_.end()) add(What::Stops, at->second, kNobody, what, text);
    running_.task = kNobody;
}

void RunRecorder::task_ends(VM&, const Object* task) {
    if (auto at = tasks_.find(task); at != tasks_.end()) {
        add(What::Ends, at->second);
        tasks_.erase(at);
    }
    running_.task = kNobody;
}

}  // namespace gen
