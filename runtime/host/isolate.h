// Isolates: whole VMs, each on a thread of the operating system, that share nothing but channels.
//
// A channel carries messages, which are bytes, in order, from any VM of the group to any other. What a message means is up to
// those who use it; multiprocessing and concurrent.futures.process put pickled values into them.
#pragma once
#include "runtime/host/completions.h"
#include "runtime/host/host.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <string>

namespace gen {

using ChannelId = uint64_t;

// The VMs that came from one program, and the channels between them. Every method may be called from any thread.
class IsolateGroup : public std::enable_shared_from_this<IsolateGroup> {
  public:
    enum class Received { Message, Nothing, Closed };

    ChannelId open();                                // held once
    void share(ChannelId);                           // one more holds it
    bool send(ChannelId, std::string_view message);  // false: it is closed
    // Takes the next message. Nothing: `listener` is told, under the channel's id, when there may be one.
    Received receive(ChannelId, const std::shared_ptr<Completions>& listener, std::string& message);
    // Is there a message to take? The listener as above.
    Received peek(ChannelId, const std::shared_ptr<Completions>& listener);
    size_t size(ChannelId);
    void close(ChannelId);  // one less; by the last, and what is in it can still be received

    // Starts a VM with the rights and limits of `parent`, which imports multiprocessing.spawn and calls its _run_isolate(inbox).
    // When it has ended, its exit status is sent, as decimal text, to `outcome`, which is then closed. False: no thread.
    bool start(VM& parent, ChannelId inbox, ChannelId outcome);
    void interrupt(ChannelId outcome);  // SystemExit in the isolate that will report there
    // Ends them all, by persuasion; false: some do not end in time.
    bool stop();

  private:
    struct Channel {
        std::deque<std::string> messages;
        std::vector<std::shared_ptr<Completions>> listeners;
        unsigned holders = 1;
        bool closed = false;
    };
    struct Start {  // what a new VM takes from its parent
        Limits limits;
        bool virtual_time;
        int64_t now;  // on the parent's clock
        double wall;
        std::shared_ptr<Completions> completions;
        std::shared_ptr<SharedTime::Member> time;  // null: not shared
    };
    void run(RuntimeHost& host, const Start& start, ChannelId inbox, ChannelId outcome);
    static void tell(Channel&, ChannelId);
    std::shared_ptr<SharedTime> shared_time(VM&);  // null: its clock is not ours

    std::mutex mutex_;  // guards everything here
    std::condition_variable ended_;
    std::map<ChannelId, Channel> channels_;
    struct Running {
        VM* vm = nullptr;          // null: not made yet, or not any more
        bool interrupted = false;  // before it was made
    };
    std::map<ChannelId, Running> running_;  // by their outcome's channel
    ChannelId next_ = 1;
    std::shared_ptr<SharedTime> time_;  // of virtual clocks; made with the first isolate
};

// The group a VM belongs to, made when it is first asked for.
std::shared_ptr<IsolateGroup> isolates_of(VM&);

}  // namespace gen
