// Work done elsewhere, by an isolate or by a thread of the host, that wakes fibers of a VM.
//
// A fiber parks in the list of a key; whoever does the work posts the key, from any thread. The VM's own thread wakes the fibers when
// its reactor calls deliver(). A woken fiber looks for itself whether what it waited for is there, and parks again if not.
// Or a function is posted, which that thread calls then.
#pragma once
#include "runtime/host/shared_time.h"
#include "vm/sched/fiber.h"
#include "vm/sched/reactor.h"

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace gen {

class VM;

class Completions {
  public:
    using Key = uint64_t;

    // ---- any thread
    void post(Key);
    void post(std::function<void(VM&)>);  // must not run script code; dropped when the VM is at its end
    void wake();                          // ends a wait of the reactor

    // ---- the VM's thread
    WaitList& waiting(Key key) { return waiting_[key]; }  // stays where it is while somebody waits in it
    bool active() const;                                  // does a fiber wait here?
    std::function<bool()> awaits_function;  // does a fiber wait for what a posted function brings?
    // ... for what may come at any time? In shared time it comes when its sender has run.
    bool busy() const { return !member_ && active(); }
    void share_time(std::shared_ptr<SharedTime::Member>);  // that is told of what is posted
    void deliver(VM&);  // wakes those whose keys were posted, each with True
    // The reactor of the VM, which has to ask active() for its own active() and busy(), and to call deliver() in poll() and wait().
    // Without one the VM is at its end, and nothing is delivered any more.
    void serve(Reactor*);
    void leave(Reactor*);  // unless another one serves by now

  private:
    std::unordered_map<Key, WaitList> waiting_;
    std::mutex mutex_;  // guards what follows
    std::vector<Key> posted_;
    std::vector<std::function<void(VM&)>> functions_;
    Reactor* reactor_ = nullptr;
    std::weak_ptr<SharedTime::Member> time_;
    bool member_ = false;  // the VM's thread only
};

// The completions of a VM, made when they are first asked for; a VM without a reactor gets one that waits for nothing else.
std::shared_ptr<Completions> completions_of(VM&);

}  // namespace gen
