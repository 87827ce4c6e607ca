#include "runtime/host/io.h"

#include "runtime/host/host.h"
#include "runtime/types/core_types.h"
#include "vm/exec/step.h"

#if defined(GEN_HAS_LIBUV)
#include "runtime/host/reactor.h"
#endif

#include <limits.h>
#include <poll.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>

namespace gen {

void OutputStream::clear() {
    written_ = added();
    buffer_.clear();
    at_ = 0;
}

void OutputStream::drain() {
    if (buffer_.empty()) return;
    if (!sink_(std::string_view(buffer_).substr(at_)) && !error_) error_ = errno;
    clear();
}

bool OutputStream::flush() {
    drain();
    if (!error_) return true;
    errno = error_;
    error_ = 0;
    return false;
}

// O_NONBLOCK is out of the question: it would hold for everyone who shares the descriptor. A pipe that is ready takes PIPE_BUF bytes.
bool OutputStream::drain_ready() {
    constexpr size_t kMost = 256 << 10;
    for (size_t done = 0; at_ < buffer_.size() && done < kMost;) {
        pollfd ready{descriptor_, POLLOUT, 0};
        const int known = ::poll(&ready, 1, 0);
        if (known == 0) break;
        ssize_t n = known < 0 ? -1
                              : ::write(descriptor_, buffer_.data() + at_,
                                        std::min<size_t>(PIPE_BUF, buffer_.size() - at_));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) break;
        if (n <= 0) {
            if (!error_) error_ = errno;
            clear();
            return true;
        }
        at_ += size_t(n);
        done += size_t(n);
        written_ += uint64_t(n);
    }
    if (at_ == buffer_.size()) {
        clear();
        return true;
    }
    if (at_ > buffer_.size() / 2) {
        buffer_.erase(0, at_);
        at_ = 0;
    }
    return false;
}

OutputStream* stream_of(VM& vm, Value file) {
    if (!vm.host || !file.is_object()) return nullptr;
    StandardStreams& streams = host_of(vm).streams;
    if (file.is(streams.out_object)) return &streams.out;
    if (file.is(streams.err_object)) return &streams.err;
    return nullptr;
}

// ---- waiting for a reader

// Is there anybody who could run meanwhile? A run that can be repeated, by a seed or in virtual time, does not depend on its readers;
// and what a script does while it is being ended is not interrupted.
static bool can_wait([[maybe_unused]] VM& vm, [[maybe_unused]] const OutputStream& stream) {
#if defined(GEN_HAS_LIBUV)
    return vm.scheduler.fibers().size() > 1 && vm.nested == 1 && stream.descriptor() >= 0 &&
           !vm.termination && !runtime_of(vm).seed && !(vm.clock && vm.clock->is_virtual());
#else
    return false;
#endif
}

// A descriptor that is not open is no stream: whoever flushes is told, print() says nothing. Nor does it of standard error.
static Outcome written_outcome(VM& vm, OutputStream& stream, bool asked) {
    const int error = stream.error();
    if (!error || (!asked && (error == EBADF || &stream != &host_of(vm).streams.out))) return Value::none();
    stream.clear_error();
    return raise_os_error(vm, error);
}

#if defined(GEN_HAS_LIBUV)
static Outcome wait_for_reader(VM& vm, OutputStream& stream) {
    Outcome o = UvReactor::of(vm).wait_for(stream.descriptor(), UvReactor::kWrite, kForever);
    if (!o.is_raised()) return o;
    vm.exception = Value::unbound();  // a file, which nobody can wait for
    stream.drain();
    return Value::none();
}

// Waits until what was added so far is written; what others add meanwhile is theirs to wait for.
static Outcome wait_step(VM& vm, NativeFrame& frame) {  // is_error, asked, added
    StandardStreams& streams = host_of(vm).streams;
    OutputStream& stream = frame[0].is_true() ? streams.err : streams.out;
    switch (frame.step_state()) {
        case 0:
            while (stream.written() < uint64_t(frame[2].as_int())) {
                if (!can_wait(vm, stream)) {
                    stream.drain();
                    break;
                }
                AWAIT(1, wait_for_reader(vm, stream));
                stream.drain_ready();
            }
    }
    return written_outcome(vm, stream, frame[1].is_true());
}
static const NativeDef kWait = {.signature = "write(is_error, asked, added, /)", .step = wait_step};
#endif

Outcome flush_or_wait(VM& vm, OutputStream& stream, bool asked) {
#if defined(GEN_HAS_LIBUV)
    if (can_wait(vm, stream)) {
        if (!stream.drain_ready())
            return call_internal(vm, kWait,
                                 {Value::boolean(&stream == &host_of(vm).streams.err), Value::boolean(asked),
                                  Value::integer(int64_t(stream.added()))});
        return written_outcome(vm, stream, asked);
    }
#endif
    stream.drain();
    return written_outcome(vm, stream, asked);
}

void drain_some(VM& vm, OutputStream& stream) {
    if (can_wait(vm, stream))
        stream.drain_ready();
    else
        stream.drain();
}

void open_descriptor(OutputStream& stream, int descriptor, bool line_buffered) {
    auto sink = [descriptor](std::string_view text) {
        while (!text.empty()) {
            ssize_t n = ::write(descriptor, text.data(), text.size());
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return false;
            text.remove_prefix(size_t(n));
        }
        return true;
    };
    stream.open(sink, line_buffered, descriptor);
}

}  // namespace gen
