// The time of VMs that belong together, when it is virtual: it stands still while one of them runs, and jumps to the next deadline of
// any of them when all wait. Messages between them count as running, from being sent until their receiver has looked.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace gen {

class Completions;

class SharedTime : public std::enable_shared_from_this<SharedTime> {
  public:
    explicit SharedTime(int64_t now) : now_(now) {}

    // One VM's part in it. It runs at first, and leaves when it is destroyed.
    class Member {
      public:
        Member(std::shared_ptr<SharedTime> time, std::shared_ptr<Completions> completions);
        ~Member();
        Member(const Member&) = delete;
        Member& operator=(const Member&) = delete;

        // From any thread, signal handlers included: there is something to do for it.
        void stir() { stirred_ = true; }

        // ---- the VM's thread
        int64_t now() const { return time_->now_; }
        void pass(int64_t nanoseconds);  // of time, while it runs
        // Nothing to do before `deadline`. True: that has come, or something else; false: its completions will be woken.
        bool rests(int64_t deadline);
        void resumes();  // after rests(), before it looks at what there is

      private:
        friend class SharedTime;
        bool is_resting() const { return resting_ && !stirred_; }
        const std::shared_ptr<SharedTime> time_;
        const std::shared_ptr<Completions> completions_;
        std::atomic<bool> stirred_ = false;
        bool resting_ = false;  // guarded by the time's mutex, as is
        int64_t deadline_ = 0;
    };

    std::shared_ptr<Member> join(std::shared_ptr<Completions> completions);

  private:
    using Woken = std::vector<std::shared_ptr<Completions>>;
    void jump(Woken&);      // when all rest
    void wake_due(Woken&);  // whose deadline has come
    static void wake(const Woken&);

    std::mutex mutex_;
    std::vector<Member*> members_;
    std::atomic<int64_t> now_;
};

}  // namespace gen
