// The VM's view of time. The host owns it: real time, or a clock that the host moves.
#pragma once
#include <cstdint>

namespace gen {

class Clock {
public:
    virtual ~Clock() = default;
    virtual int64_t now() = 0;                       // nanoseconds, monotonic
    virtual double wall() = 0;                       // seconds since 1970
    // Blocks until `deadline` (nanoseconds of now()), or until interrupt() is called from any thread.
    virtual void wait_until(int64_t deadline) = 0;
    virtual void interrupt() = 0;
};

}   // namespace gen
