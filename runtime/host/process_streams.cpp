#include "runtime/host/process_streams.h"

#include <poll.h>
#include <unistd.h>
#include <cerrno>
#include <memory>

namespace gen {

// Reads up to a line end through a buffer of its own; EINTR ends it when Ctrl-C was the reason.
static bool read_line(VM& vm, std::string& buffer, std::string& line) {
    line.clear();
    for (;;) {
        size_t end = buffer.find('\n');
        if (end != std::string::npos) {
            line = buffer.substr(0, end + 1);
            buffer.erase(0, end + 1);
            return true;
        }
        char chunk[4096];
        ssize_t n = read(0, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR && !vm.interrupt.load()) continue;
        if (n <= 0) {
            line = std::move(buffer);
            buffer.clear();
            return !line.empty();
        }
        buffer.append(chunk, size_t(n));
    }
}

// See StandardStreams::waits_for_line. Regular files are always ready.
static int waits_for_line(std::string& buffer) {
    for (;;) {
        pollfd input{0, POLLIN, 0};
        if (buffer.find('\n') != std::string::npos || poll(&input, 1, 0) < 0) return -1;
        if (!input.revents) return 0;
        char chunk[4096];
        ssize_t n = read(0, chunk, sizeof chunk);
        if (n <= 0) return -1;
        buffer.append(chunk, size_t(n));
    }
}

void open_process_streams(VM& vm, StandardStreams& streams) {
    streams.out.open(descriptor_sink(1), isatty(1));
    streams.err.open(descriptor_sink(2), true);
    auto buffer = std::make_shared<std::string>();
    streams.read_line = [&vm, buffer](std::string& line) { return read_line(vm, *buffer, line); };
    streams.waits_for_line = [buffer] { return waits_for_line(*buffer); };
}

}  // namespace gen
