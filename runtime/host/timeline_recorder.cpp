#include "runtime/host/timeline_recorder.h"

#include "runtime/host/short_text.h"
#include "vm/exec/vm.h"

namespace gen {

using Arrow = Timeline::Kind;

static bool is_observed(const Frame* g) {
    return g->is_generator() && g->code()->entry()->op() == Op::OBSERVE;
}

TimelineRecorder::TimelineRecorder() { timeline_.lanes.push_back({"main", false}); }

const Timeline& TimelineRecorder::timeline() { return timeline_; }

unsigned TimelineRecorder::begin_lane(const Frame* g) {
    if (lanes_.size() + fibers_.size() + 1 >= Timeline::kMaxLanes) {
        full_ = true;
        return kNone;
    }
    auto lane = unsigned(timeline_.lanes.size());
    timeline_.lanes.push_back({short_name(g->fn()->qualname), true});
    lanes_[g] = lane;  // instead of one that was collected before, at the same address
    return lane;
}

unsigned TimelineRecorder::lane_of(const Frame* g) const {
    auto at = lanes_.find(g);
    return at == lanes_.end() ? kNone : at->second;
}

// Whoever is behind the frame: the generator whose body called it, directly or not, else the fiber.
unsigned TimelineRecorder::consumer(VM& vm, const Frame* peer) {
    for (const Frame* p = peer; p; p = p->parent)
        if (is_observed(p) && lane_of(p) != kNone) return lane_of(p);
    if (!vm.fiber || vm.fiber == vm.main_fiber) return 0;
    auto [at, is_new] = fibers_.try_emplace(vm.fiber->id, unsigned(timeline_.lanes.size()));
    if (is_new) timeline_.lanes.push_back({vm.finalizing ? "collector" : "fiber", false});
    return at->second;
}

void TimelineRecorder::add(Arrow kind, unsigned from, unsigned to, std::string verb, std::string value) {
    timeline_.events.push_back({kind, from, to, std::move(verb), std::move(value)});
}

void TimelineRecorder::delegates(VM& vm, const Frame* g, unsigned lane, Value iterator) {
    const char* verb =
        g->code()->code_flags & (Code::kCoroutine | Code::kAsyncGenerator) ? "await" : "yield from";
    if (iterator.is_object() && iterator.as_object()->kind == Kind::Generator) {
        auto* inner = iterator.as<Frame>();
        if (is_observed(inner) && inner->state != kRunning && inner->state != kDone) {
            unsigned to = inner->state == kCreated ? begin_lane(inner) : lane_of(inner);
            if (to != kNone) {
                entered_ = inner;
                return add(Arrow::Delegate, lane, to, verb);
            }
        }
        return add(Arrow::Delegate, lane, lane, verb, short_text(vm, iterator));
    }
    std::string name(vm.class_name(vm.class_of(iterator)));
    constexpr std::string_view kIterator = "_iterator";
    if (name.ends_with(kIterator)) name.resize(name.size() - kIterator.size());
    add(Arrow::Delegate, lane, lane, verb, name);
}

void TimelineRecorder::observe(VM& vm, const Frame* g, Observed what, Value value, const Frame* peer) {
    const Frame* entered = entered_;
    entered_ = nullptr;
    if (entered == g && (what == Observed::Starts || what == Observed::Sent)) return;
    bool begins = what == Observed::Starts || (what == Observed::Thrown && g->state == kCreated);
    full_ |= timeline_.events.size() >= Timeline::kMaxEvents;
    unsigned lane = full_ ? kNone : begins ? begin_lane(g) : lane_of(g);
    if (full_) timeline_.more++;
    if (lane == kNone) return;

    auto text = [&] { return value.is_none() ? std::string() : short_text(vm, value); };
    switch (what) {
        case Observed::Starts:
            return add(Arrow::Resume, consumer(vm, peer), lane, "next");
        case Observed::Sent:
            return add(Arrow::Resume, consumer(vm, peer), lane, value.is_none() ? "next" : "send", text());
        case Observed::Yields:
            return add(Arrow::Yield, lane, consumer(vm, peer), "yield", text());
        case Observed::Delegates:
            return delegates(vm, g, lane, value);
        case Observed::Thrown: {
            bool closes = value.as_object()->shape == kShapeGeneratorExit;
            return add(Arrow::Throw, consumer(vm, peer), lane, closes ? "close" : "throw",
                       closes ? "" : text());
        }
        case Observed::Returns:
            add(Arrow::Return, lane, consumer(vm, peer), "return", text());
            break;
        case Observed::Raises: {
            bool closed = value.as_object()->shape == kShapeGeneratorExit;
            add(closed ? Arrow::Return : Arrow::Raise, lane, consumer(vm, peer), closed ? "closed" : "raise",
                closed ? "" : text());
            break;
        }
    }
    lanes_.erase(g);
}

}  // namespace gen
