// The standard streams of a VM, as the host grants them. A VM without a sink writes nowhere and reads nothing.
//
// print() goes straight to an OutputStream while sys.stdout is the object that the runtime put there; see stream_of().
#pragma once
#include "vm/exec/vm.h"

#include <functional>
#include <string>

namespace gen {

// Buffered output. Errors of the sink are kept until someone asks.
class OutputStream {
  public:
    using Sink = std::function<bool(std::string_view)>;  // false: the write failed, errno says why

    ~OutputStream() { flush(); }
    void open(Sink sink, bool line_buffered) {
        flush();
        sink_ = std::move(sink);
        line_buffered_ = line_buffered;
    }
    bool is_open() const { return bool(sink_); }
    void write(std::string_view text);
    void drain();  // writes what is buffered
    bool flush();  // the same; false: a write failed since the last flush, errno says why

  private:
    static constexpr size_t kBuffer = 8192;
    Sink sink_;
    std::string buffer_;
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

// A sink that writes to a file descriptor.
OutputStream::Sink descriptor_sink(int descriptor);

}  // namespace gen
