#include "vm/exec/frame_pool.h"

#include <cstdlib>

namespace gen {

FramePool::~FramePool() {
    for (Chunk* c : chunks_) std::free(c);
}

Frame* FramePool::allocate_slow(size_t bytes) {
    if (bytes > kPooled) {
        if (limit_ && used_ + bytes > limit_) reclaim();
        if (limit_ && used_ + bytes > limit_) return nullptr;
        auto* f = static_cast<Frame*>(std::malloc(bytes));
        if (f) used_ += bytes;
        return f;
    }
    if (limit_ && used_ + kChunk > limit_) reclaim();
    if (limit_ && used_ + kChunk > limit_) return nullptr;
    auto* chunk = static_cast<Chunk*>(std::aligned_alloc(kChunk, kChunk));
    if (!chunk) return nullptr;
    chunk->bytes = bytes;
    chunks_.push_back(chunk);
    used_ += kChunk;
    // Threaded so that frames are handed out by rising address.
    Frame*& head = free_[bytes / 16];
    for (size_t n = (kChunk - sizeof(Chunk)) / bytes; n-- > 0;) {
        auto* f = reinterpret_cast<Frame*>(reinterpret_cast<char*>(chunk + 1) + n * bytes);
        f->parent = head;
        head = f;
    }
    return allocate(bytes);
}

void FramePool::reclaim() {
    for (Chunk* c : chunks_) c->free = 0;
    for (Frame* head : free_)
        for (Frame* f = head; f; f = f->parent) chunk_of(f)->free++;
    auto empty = [](const Chunk* c) { return c->free == (kChunk - sizeof(Chunk)) / c->bytes; };
    for (Frame*& head : free_)
        for (Frame** at = &head; *at;) {
            if (empty(chunk_of(*at)))
                *at = (*at)->parent;
            else
                at = &(*at)->parent;
        }
    std::erase_if(chunks_, [&](Chunk* c) {
        if (!empty(c)) return false;
        used_ -= kChunk;
        std::free(c);
        return true;
    });
}

void FramePool::release_large(Frame* f, size_t bytes) {
    used_ -= bytes;
    std::free(f);
}

}  // namespace gen
