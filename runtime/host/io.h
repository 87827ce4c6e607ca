// The standard streams of a VM, as the host grants them. A VM without a sink writes nowhere and reads nothing.
//
// print() goes straight to an OutputStream while sys.stdout is the object that the runtime put there; see stream_of().
#pragma once
#include "vm/exec/vm.h"

#include <functional>
#include <string>

namespace gen {

// Buffered output, in the order in which it was added. Errors of the sink are kept until someone asks.
class OutputStream {
  public:
    using Sink = std::function<bool(std::string_view)>;  // false: the write failed, errno says why

    ~OutputStream() { flush(); }
    // `descriptor`: the one that the sink writes to, where it does; see drain_ready().
    void open(Sink sink, bool line_buffered, int descriptor = -1) {
        flush();
        sink_ = std::move(sink);
        line_buffered_ = line_buffered;
        descriptor_ = descriptor;
    }
    bool is_open() const { return bool(sink_); }
    int descriptor() const { return descriptor_; }
    bool add(std::string_view text) {  // true: it is time to write what is buffered
        if (!sink_) return false;
        buffer_ += text;
        return buffer_.size() >= kBuffer || (line_buffered_ && text.find('\n') != std::string_view::npos);
    }
    void write(std::string_view text) {
        if (add(text)) drain();
    }
    void drain();  // writes what is buffered, and blocks where the sink does
    bool flush();  // the same; false: a write failed since the last flush, errno says why
    // Writes to the descriptor what it takes without blocking, some of it where that is much; true: nothing is left.
    bool drain_ready();
    // How many bytes were ever added, and how many of them have been written (or were lost to an error).
    uint64_t added() const { return written_ + buffer_.size() - at_; }
    uint64_t written() const { return written_; }
    int error() const { return error_; }
    void clear_error() { error_ = 0; }

  private:
    static constexpr size_t kBuffer = 8192;
    void clear();
    Sink sink_;
    std::string buffer_;
    size_t at_ = 0;  // so much of it is written
    uint64_t written_ = 0;
    int descriptor_ = -1;
    bool line_buffered_ = false;
    int error_ = 0;  // of the first write that failed
};

struct StandardStreams {
    OutputStream out, err;
    std::function<bool(std::string& line)>
        read_line;  // with its line end; false: end of input. Empty: not granted
    // The descriptor to wait for before the next line can be read, after taking what is there; -1: it need not be waited for.
    std::function<int()> waits_for_line;
    Value out_object, err_object, in_object;  // what the runtime put into sys; kept alive by vm.roots
    bool made = false;                        // those exist; before, sys makes them when it is asked
};

// What vm.host points to.
struct Host {
    StandardStreams streams;
};
inline Host& host_of(VM& vm) { return *static_cast<Host*>(vm.host); }

// The stream behind an object that the runtime put into sys, or null.
OutputStream* stream_of(VM&, Value file);

// For natives, which return its answer: writes what is buffered in a stream of this VM. None; or a call that waits in the reactor
// for a reader that is slow, while other fibers run; or OSError, if standard output failed (and if `asked`, of any stream). Where
// nobody else could run, the process waits.
Outcome flush_or_wait(VM&, OutputStream&, bool asked);
inline Outcome write_or_wait(VM& vm, OutputStream& stream, std::string_view text, bool flush = false) {
    return stream.add(text) || flush ? flush_or_wait(vm, stream, false) : Outcome(Value::none());
}
// Writes what can be written without keeping other fibers from running; where there are none, everything.
void drain_some(VM&, OutputStream&);

// Writes to a file descriptor.
void open_descriptor(OutputStream&, int descriptor, bool line_buffered);

}  // namespace gen
