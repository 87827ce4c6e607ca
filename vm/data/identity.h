// Serial numbers instead of addresses, for runs that can be repeated: id(), default hashes and what reprs show.
//
// An address depends on the machine's mood; the order in which a program asks for identities does not. A number belongs to
// its object as long as that lives.
#pragma once
#include "vm/data/value.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace gen {

class Identities {
  public:
    // Looks like an address: a multiple of 16, and never 0.
    uint64_t of(const Object* o) {
        auto [at, is_new] = numbers_.try_emplace(o, 0);
        if (is_new) {
            at->second = kFirst + kStep * next_++;
            young_.push_back(o);
        }
        return at->second;
    }
    // Before memory is used again. Not `whole`: only what was numbered since the last call can have died.
    template <class IsDead>
    void drop_dead(bool whole, IsDead is_dead) {
        if (whole)
            std::erase_if(numbers_, [&](const auto& entry) { return is_dead(entry.first); });
        else
            for (const Object* o : young_)
                if (is_dead(o)) numbers_.erase(o);
        young_.clear();
    }

  private:
    static constexpr uint64_t kFirst = 0x10000000, kStep = 16;
    std::unordered_map<const Object*, uint64_t> numbers_;
    std::vector<const Object*> young_;
    uint64_t next_ = 0;
};

}  // namespace gen
