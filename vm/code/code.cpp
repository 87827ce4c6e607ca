#include "vm/code/code.h"

#include <algorithm>

namespace gen {

PositionEntry position_of(const Code& code, uint32_t pc) {
    const auto* begin = reinterpret_cast<const PositionEntry*>(code.positions->data);
    const auto* end = begin + code.positions->size / sizeof(PositionEntry);
    const auto* after =
        std::upper_bound(begin, end, pc, [](uint32_t at, const PositionEntry& e) { return at < e.pc; });
    if (after == begin) return {pc, 0, 0, PositionEntry::kNoColumn, PositionEntry::kNoColumn};
    return after[-1];
}

const ExceptionEntry* handler_of(const Code& code, uint32_t pc) {
    const auto* begin = reinterpret_cast<const ExceptionEntry*>(code.exceptions->data);
    const auto* end = begin + code.exceptions->size / sizeof(ExceptionEntry);
    const auto* after =
        std::upper_bound(begin, end, pc, [](uint32_t at, const ExceptionEntry& e) { return at < e.start; });
    return after != begin && pc < after[-1].end ? &after[-1] : nullptr;
}

}  // namespace gen
