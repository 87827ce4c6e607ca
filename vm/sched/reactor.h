// Where input and output are waited for. The host owns it; a VM without one can only wait for time and for its own fibers.
//
// Everything here is called by the thread that runs the VM, wake() apart. A completed operation wakes its fiber, or the
// event loop that asked for it, through the scheduler.
#pragma once
#include <cstdint>

namespace gen {

class Marker;

class Reactor {
  public:
    virtual ~Reactor() = default;
    virtual bool active() = 0;  // is there an operation that can still wake somebody?
    // Is work going on elsewhere that ends by itself (an isolate, a child process, a file operation)? A virtual clock stands
    // still meanwhile.
    virtual bool busy() = 0;
    virtual void poll() = 0;  // handles what has happened, without waiting
    virtual void wait(
        int64_t
            nanoseconds) = 0;  // the same, after waiting at most so long for the first event; < 0: any time
    virtual void wake() = 0;   // from any thread, and from signal handlers: ends a wait()
    virtual void trace(Marker&) const {}  // the fibers and objects that wait here
};

}  // namespace gen
