#include "vm/exec/frame_pool.h"

#include <cstdlib>

namespace gen {

FramePool::~FramePool() {
    for (void* c : chunks_) std::free(c);
}

Frame* FramePool::allocate_slow(size_t bytes) {
    if (bytes > kPooled) {
        if (limit_ && used_ + bytes > limit_) return nullptr;
        auto* f = static_cast<Frame*>(std::malloc(bytes));
        if (f) used_ += bytes;
        return f;
    }
    if (limit_ && used_ + kChunk > limit_) return nullptr;
    auto* chunk = static_cast<char*>(std::malloc(kChunk));
    if (!chunk) return nullptr;
    chunks_.push_back(chunk);
    used_ += kChunk;
    // Threaded so that frames are handed out by rising address.
    Frame*& head = free_[bytes / 16];
    for (size_t n = kChunk / bytes; n-- > 0;) {
        auto* f = reinterpret_cast<Frame*>(chunk + n * bytes);
        f->parent = head;
        head = f;
    }
    return allocate(bytes);
}

void FramePool::release_large(Frame* f, size_t bytes) {
    used_ -= bytes;
    std::free(f);
}

}   // namespace gen
