// What the reactor keeps for each descriptor, piece of work, child and signal.
#pragma once
#include "runtime/host/reactor.h"

#include <csignal>

namespace gen {

struct UvReactor::Watch {
    Watch(UvReactor& r, int d) : reactor(r), descriptor(d) {}
    uv_poll_t handle;
    UvReactor& reactor;
    int descriptor;
    int armed = 0;         // what libuv polls for
    bool listed = false;   // in waited_
    bool dormant[2] = {};  // its listener could not take an event, and is asked again
    Listener listener[2] = {};
    Waiters waiters[2];
};

struct UvReactor::Child {
    uv_process_t handle;
    UvReactor* reactor = nullptr;
    bool started = false, exited = false;
    int status = 0;
    Waiters waiters;
    Listener listener = nullptr;
    Value target = Value::unbound();
    bool awaited() { return !exited && (listener || any_waiting(waiters)); }
    void close() {
        auto* h = reinterpret_cast<uv_handle_t*>(&handle);
        if (started && !uv_is_closing(h)) uv_close(h, nullptr);
    }
};

struct UvReactor::Signal {
    uv_signal_t handle;
    UvReactor* reactor;
    SignalHandler handler;
    bool hoped = true;
};

}  // namespace gen
