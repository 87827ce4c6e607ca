// Memory for frames of calls: free lists by size over chunks that hold nothing else. Generators live on the heap instead. When the
// limit is reached, chunks without a frame in use are given back first, so that one deep recursion does not spoil the next.
#pragma once
#include "vm/exec/frame.h"

#include <vector>

namespace gen {

class FramePool {
  public:
    static constexpr size_t kChunk = 65536;
    static constexpr size_t kPooled = 2048;  // larger frames are allocated one by one

    FramePool() = default;
    ~FramePool();
    FramePool(const FramePool&) = delete;
    FramePool& operator=(const FramePool&) = delete;

    // `bytes` is a multiple of 16. Null: the limit is reached (a RecursionError), or the host has no memory.
    Frame* allocate(size_t bytes) {
        if (bytes <= kPooled) [[likely]] {
            Frame*& head = free_[bytes / 16];
            if (Frame* f = head) [[likely]] {
                head = f->parent;
                return f;
            }
        }
        return allocate_slow(bytes);
    }
    // Only from the free list; null: use allocate().
    Frame* take(size_t bytes) {
        if (bytes > kPooled) [[unlikely]]
            return nullptr;
        Frame*& head = free_[bytes / 16];
        Frame* f = head;
        if (f) [[likely]]
            head = f->parent;
        return f;
    }
    void release(Frame* f, size_t bytes) {
        if (bytes > kPooled) [[unlikely]]
            return release_large(f, bytes);
        f->parent = free_[bytes / 16];
        free_[bytes / 16] = f;
    }
    void set_limit(size_t bytes) { limit_ = bytes; }
    size_t used() const { return used_; }  // chunks, whether their frames are in use or not

  private:
    struct Chunk {
        size_t bytes;
        size_t free;
    };  // at the start of each chunk: size of its frames; a count of reclaim()
    static Chunk* chunk_of(const Frame* f) {
        return reinterpret_cast<Chunk*>(reinterpret_cast<uintptr_t>(f) & ~(kChunk - 1));
    }
    Frame* allocate_slow(size_t bytes);
    void reclaim();
    void release_large(Frame* f, size_t bytes);
    Frame* free_[kPooled / 16 + 1] = {};
    std::vector<Chunk*> chunks_;
    size_t used_ = 0, limit_ = 0;
};

}  // namespace gen
