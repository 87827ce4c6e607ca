// Clocks whose time is not the machine's.
#pragma once
#include "runtime/host/shared_time.h"
#include "vm/sched/clock.h"

#include <atomic>
#include <memory>
#include <optional>

namespace gen {

// Stands still while anything runs, and jumps to the next deadline when everybody waits: a program that sleeps an hour ends at
// once, and each of its events comes in the order it would have come.
//
// A program that spins until some time has come would never see it come: behind kFreeReadings readings without a wait, each one
// takes a microsecond.
class VirtualClock : public Clock {
  public:
    VirtualClock(int64_t start, double wall) : now_(start), start_(start), wall_(wall) {}
    int64_t now() override {
        const bool spins = ++readings_ > kFreeReadings;
        if (member_) {
            if (spins) member_->pass(kReading);
            return member_->now();
        }
        if (spins) now_ += kReading;
        return now_;
    }
    double wall() override { return wall_ + double(now() - start_) / 1e9; }
    void wait_until(int64_t deadline) override {
        readings_ = 0;
        if (deadline > now_) now_ = deadline;
    }
    void interrupt() override {
        if (member_) member_->stir();
    }
    bool is_virtual() const override { return true; }
    bool rests(int64_t deadline) override {
        if (!member_) return Clock::rests(deadline);
        readings_ = 0;
        return member_->rests(deadline);
    }
    void resumes() override {
        if (member_) member_->resumes();
    }

    VirtualClock* shareable() override { return this; }
    // From now on its time is that of other VMs, too; the thread of its VM calls this, before interrupt() may come from another one.
    void share(std::shared_ptr<SharedTime::Member> member) { member_ = std::move(member); }
    bool is_shared() const override { return member_ != nullptr; }

  private:
    static constexpr int64_t kFreeReadings = 10'000, kReading = 1000;
    int64_t now_, start_, readings_ = 0;
    double wall_;
    std::shared_ptr<SharedTime::Member> member_;
};

// Moves when the host says so: the time of a game, which can be paused. Nobody waits for it: where every fiber does, the host has to
// get control back (VM::run_others), or is told of the deadlock.
class ManualClock : public Clock {
  public:
    ManualClock(int64_t start, double wall) : now_(start), start_(start), wall_(wall) {}
    void advance(int64_t nanoseconds) { now_ += nanoseconds; }  // from any thread
    int64_t now() override { return now_; }
    double wall() override { return wall_ + double(now_ - start_) / 1e9; }
    void wait_until(int64_t) override {}
    void interrupt() override {}
    bool is_manual() const override { return true; }

  private:
    std::atomic<int64_t> now_;
    const int64_t start_;
    const double wall_;
};

// Both begin at the machine's time; with a seed at 2020-01-01 00:00 UTC, so that a run can be repeated.
std::unique_ptr<Clock> make_virtual_clock(std::optional<uint64_t> seed);
std::unique_ptr<Clock> make_manual_clock(std::optional<uint64_t> seed);

}  // namespace gen
