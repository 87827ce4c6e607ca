#include "runtime/host/io.h"

#include <unistd.h>
#include <cerrno>

namespace gen {

void OutputStream::write(std::string_view text) {
    if (!sink_) return;
    buffer_ += text;
    bool line_ended = line_buffered_ && text.find('\n') != std::string_view::npos;
    if (line_ended || buffer_.size() >= kBuffer) drain();
}

void OutputStream::drain() {
    if (buffer_.empty()) return;
    if (!sink_(buffer_) && !error_) error_ = errno;
    buffer_.clear();
}

bool OutputStream::flush() {
    drain();
    if (!error_) return true;
    errno = error_;
    error_ = 0;
    return false;
}

OutputStream* stream_of(VM& vm, Value file) {
    if (!vm.host || !file.is_object()) return nullptr;
    StandardStreams& streams = host_of(vm).streams;
    if (file.is(streams.out_object)) return &streams.out;
    if (file.is(streams.err_object)) return &streams.err;
    return nullptr;
}

OutputStream::Sink descriptor_sink(int descriptor) {
    return [descriptor](std::string_view text) {
        while (!text.empty()) {
            ssize_t n = ::write(descriptor, text.data(), text.size());
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return false;
            text.remove_prefix(size_t(n));
        }
        return true;
    };
}

}  // namespace gen
