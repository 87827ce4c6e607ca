// What happened between the generators of a program, and its drawing: a lane for each generator and for
// whoever consumes them, time downwards, an arrow for each value or exception that passes from one to
// another.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gen {

struct Timeline {
    static constexpr size_t kMaxEvents = 400;  // that are drawn
    static constexpr size_t kMaxLanes = 24;    // at the same time

    struct Lane {
        std::string name;
        bool is_generator;  // else a fiber: the main program, a thread
    };
    enum class Kind : uint8_t {
        Resume,    // `from` lets `to` go on: next, send
        Throw,     // the same with an exception
        Yield,     // `from` suspends itself, `to` goes on
        Delegate,  // `from` waits until `to` has ended; from == to: it passes on the values of some other
                   // iterator
        Return,    // `from` has ended, `to` goes on
        Raise,     // the same by an exception
    };
    struct Event {
        Kind kind;
        unsigned from, to;        // lanes
        std::string verb, value;  // of the label; UTF-8
    };
    std::vector<Lane> lanes;  // in order of appearance
    std::vector<Event> events;
    uint64_t more = 0;  // events beyond the limits, not kept
};

// The drawing as an SVG document, the same bytes for the same timeline. It brings its own background and
// follows the viewer's preference for dark colours.
std::string timeline_svg(const Timeline&);

}  // namespace gen
