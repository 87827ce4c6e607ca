// Who ran when: the fibers of a program and the tasks of its event loops, for a drawing and for a trace.
#pragma once
#include "vm/sched/run_observer.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gen {

struct RunHistory {
    static constexpr unsigned kNobody = ~0u;

    struct Lane {
        std::string name;
        bool is_task;      // else a fiber: the main program, a thread
        unsigned carrier;  // of a task: the lane of the fiber that runs its loop
        unsigned by;       // lane of whoever started it, or kNobody
    };
    enum class What : uint8_t {
        Begins,  // it could run from now on
        Runs,
        Stops,  // `waits_for` and `text` tell why: "sleeps 0.5 s"
        Wakes,  // it could go on; `by` is kNobody for a timer or input
        Ends,
    };
    struct Event {
        What what;
        WaitsFor waits_for;
        unsigned lane, by;
        int64_t time;  // nanoseconds since the recording began
        std::string text;
    };
    std::vector<Lane> lanes;
    std::vector<Event> events;
    uint64_t more = 0;   // events beyond the limit, not kept
    bool jumps = false;  // the clock stands still while anything runs
};

// A lane for each, time downwards, as an SVG document; the same bytes for the same history. It brings its own background and
// follows the viewer's preference for dark colours.
std::string run_timeline_svg(const RunHistory&);

// Chrome's trace event format, which ui.perfetto.dev and chrome://tracing show: slices of running and of waiting, arrows of
// wake-ups. Where the clock stands still while anything runs, every event takes a microsecond.
std::string run_trace_json(const RunHistory&);

}  // namespace gen
