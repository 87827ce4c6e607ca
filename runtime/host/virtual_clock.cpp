#include "runtime/host/virtual_clock.h"

#include "runtime/host/system_clock.h"

namespace gen {

void ManualClock::advance(int64_t nanoseconds) {
    std::lock_guard guard(mutex_);
    now_ += nanoseconds;
    moved_.notify_all();
}
int64_t ManualClock::now() {
    std::lock_guard guard(mutex_);
    return now_;
}
double ManualClock::wall() { return wall_ + double(now()) / 1e9; }
void ManualClock::wait_until(int64_t deadline) {
    std::unique_lock guard(mutex_);
    moved_.wait(guard, [&] { return now_ >= deadline || interrupted_; });
    interrupted_ = false;
}
void ManualClock::interrupt() {
    std::lock_guard guard(mutex_);
    interrupted_ = true;
    moved_.notify_all();
}

std::unique_ptr<Clock> make_virtual_clock(std::optional<uint64_t> seed) {
    constexpr int64_t kStart = 1'000'000'000;
    constexpr double kEpoch = 1'577'836'800;  // 2020-01-01
    if (seed) return std::make_unique<VirtualClock>(kStart, kEpoch);
    auto real = make_system_clock();
    return std::make_unique<VirtualClock>(real->now(), real->wall());
}

}  // namespace gen
