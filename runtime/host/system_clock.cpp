#include "runtime/host/system_clock.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cstdint>

namespace gen {

namespace {

class SystemClock : public Clock {
  public:
    SystemClock() {
        if (pipe2(ends_, O_NONBLOCK | O_CLOEXEC) != 0) ends_[0] = ends_[1] = -1;
    }
    ~SystemClock() override {
        for (int end : ends_)
            if (end >= 0) close(end);
    }
    int64_t now() override {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(
                   std::chrono::steady_clock::now().time_since_epoch())
            .count();
    }
    double wall() override {
        return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    }
    void wait_until(int64_t deadline) override {
        pollfd wake{ends_[0], POLLIN, 0};
        int64_t left = std::max<int64_t>(deadline - now(), 0);
        timespec timeout{time_t(left / 1'000'000'000), long(left % 1'000'000'000)};
        ppoll(&wake, 1, deadline == INT64_MAX ? nullptr : &timeout, nullptr);
        char bytes[64];
        while (read(ends_[0], bytes, sizeof bytes) > 0) {
        }
    }
    void interrupt() override {
        ssize_t written = write(ends_[1], "!", 1);
        (void)written;  // a full pipe wakes as well
    }

  private:
    int ends_[2];
};

}  // namespace

std::unique_ptr<Clock> make_system_clock() { return std::make_unique<SystemClock>(); }

}  // namespace gen
