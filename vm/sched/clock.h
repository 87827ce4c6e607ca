// The VM's view of time. The host owns it: real time, a virtual clock that jumps, or one that the host moves.
#pragma once
#include <cstdint>

namespace gen {

class Clock {
  public:
    virtual ~Clock() = default;
    virtual int64_t now() = 0;  // nanoseconds, monotonic
    virtual double wall() = 0;  // seconds since 1970
    // Blocks until `deadline` (nanoseconds of now()), or until interrupt() is called from any thread.
    virtual void wait_until(int64_t deadline) = 0;
    virtual void interrupt() = 0;
    // Does wait_until() return at once, with the time moved on?
    virtual bool is_virtual() const { return false; }
    // Is it the host that moves the time? Then wait_until() is never called.
    virtual bool is_manual() const { return false; }
    // Of a virtual clock: nothing happens here before `deadline`. True: go on, the time is then, or there is something to see; false:
    // the time is that of other VMs, too: wait at the reactor, which is woken. Afterwards, and before one looks, resumes().
    virtual bool rests(int64_t deadline) {
        wait_until(deadline);
        return true;
    }
    virtual void resumes() {}
    virtual bool is_shared() const { return false; }
    virtual class VirtualClock* shareable() { return nullptr; }  // itself, if it can be shared
};

}  // namespace gen
