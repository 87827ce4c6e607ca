#include "runtime/host/virtual_clock.h"

#include "runtime/host/system_clock.h"

namespace gen {

template <class Kind>
static std::unique_ptr<Clock> make(std::optional<uint64_t> seed) {
    constexpr int64_t kStart = 1'000'000'000;
    constexpr double kEpoch = 1'577'836'800;  // 2020-01-01
    if (seed) return std::make_unique<Kind>(kStart, kEpoch);
    auto real = make_system_clock();
    return std::make_unique<Kind>(real->now(), real->wall());
}

std::unique_ptr<Clock> make_virtual_clock(std::optional<uint64_t> seed) { return make<VirtualClock>(seed); }
std::unique_ptr<Clock> make_manual_clock(std::optional<uint64_t> seed) { return make<ManualClock>(seed); }

}  // namespace gen
