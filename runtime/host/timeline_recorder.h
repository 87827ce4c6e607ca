// Turns what generators tell their VM's observer into a Timeline.
#pragma once
#include "runtime/host/timeline.h"
#include "vm/exec/observer.h"

#include <unordered_map>

namespace gen {

// To be set as vm.observer before the program is compiled, and to outlive its running.
class TimelineRecorder : public GeneratorObserver {
  public:
    TimelineRecorder();
    void observe(VM&, const Frame* g, Observed what, Value value, const Frame* peer) override;
    const Timeline& timeline();  // so far

  private:
    static constexpr unsigned kNone = ~0u;
    unsigned begin_lane(const Frame* g);     // kNone: there is no room for another
    unsigned lane_of(const Frame* g) const;  // kNone: unknown
    unsigned consumer(VM&, const Frame* peer);
    void delegates(VM&, const Frame* g, unsigned lane, Value iterator);
    void add(Timeline::Kind kind, unsigned from, unsigned to, std::string verb, std::string value = "");

    Timeline timeline_;
    std::unordered_map<const Frame*, unsigned> lanes_;  // of generators that have not ended
    std::unordered_map<uint64_t, unsigned> fibers_;     // by id, the main one apart
    const Frame* entered_ = nullptr;  // it goes on next, by a delegation that is recorded already
    bool full_ = false;
};

}  // namespace gen
