#include "vm/code/code.h"

#include "vm/code/image.h"

#include <algorithm>

namespace gen {

PositionEntry position_of(const Code& code, uint32_t pc) {
    if (!code.positions && code.image) return frozen_position(code, pc);
    auto entries = items_of<PositionEntry>(code.positions);
    auto after = std::upper_bound(entries.begin(), entries.end(), pc,
                                  [](uint32_t at, const PositionEntry& e) { return at < e.pc; });
    if (after == entries.begin()) return {pc, 0, 0, PositionEntry::kNoColumn, PositionEntry::kNoColumn};
    return after[-1];
}

std::vector<PositionEntry> positions_of(const Code& code) {
    if (!code.positions && code.image) return frozen_positions(code);
    auto entries = items_of<PositionEntry>(code.positions);
    return {entries.begin(), entries.end()};
}

const ExceptionEntry* handler_of(const Code& code, uint32_t pc) {
    auto entries = items_of<ExceptionEntry>(code.exceptions);
    auto after = std::upper_bound(entries.begin(), entries.end(), pc,
                                  [](uint32_t at, const ExceptionEntry& e) { return at < e.start; });
    return after != entries.begin() && pc < after[-1].end ? &after[-1] : nullptr;
}

}  // namespace gen
