#include "runtime/host/process_streams.h"

#include <poll.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <memory>

namespace gen {

namespace {

// What was read from standard input and not taken yet.
struct Input {
    std::string text;
    size_t at = 0;        // how much of it is gone
    size_t searched = 0;  // no line ends before that

    size_t line_end() {  // behind the first line; 0: there is none yet
        size_t end = text.find('\n', std::max(at, searched));
        searched = end == std::string::npos ? text.size() : end;
        return end == std::string::npos ? 0 : end + 1;
    }
    void take(size_t end, std::string& line) {
        line.assign(text, at, end - at);
        at = end;
    }
    ssize_t read_more() {
        text.erase(0, at);
        searched -= std::min(searched, at);
        at = 0;
        char chunk[8192];
        ssize_t n = read(0, chunk, sizeof chunk);
        if (n > 0) text.append(chunk, size_t(n));
        return n;
    }
};

// EINTR ends it when Ctrl-C was the reason.
bool read_line(VM& vm, Input& input, std::string& line) {
    for (;;) {
        size_t end = input.line_end();
        if (!end) {
            ssize_t n = input.read_more();
            if (n > 0 || (n < 0 && errno == EINTR && !vm.interrupt.load())) continue;
            end = input.text.size();
        }
        input.take(end, line);
        return !line.empty();
    }
}

// See StandardStreams::waits_for_line. Regular files are always ready.
int waits_for_line(Input& input) {
    for (;;) {
        pollfd ready{0, POLLIN, 0};
        if (input.line_end() || poll(&ready, 1, 0) < 0) return -1;
        if (!ready.revents) return 0;
        if (input.read_more() <= 0) return -1;
    }
}

}  // namespace

void open_process_streams(VM& vm, StandardStreams& streams) {
    open_descriptor(streams.out, 1, isatty(1));
    open_descriptor(streams.err, 2, true);
    auto input = std::make_shared<Input>();
    streams.read_line = [&vm, input](std::string& line) { return read_line(vm, *input, line); };
    streams.waits_for_line = [input] { return waits_for_line(*input); };
}

}  // namespace gen
