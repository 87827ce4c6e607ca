#include "runtime/cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace gen {

OutputFile::~OutputFile() {
    if (descriptor_ >= 0) close(descriptor_);
}

void OutputFile::complain() const {
    std::fprintf(stderr, "gen: can't write '%s': [Errno %d] %s\n", path_.c_str(), errno,
                 std::strerror(errno));
}

bool OutputFile::open(const std::string& path) {
    path_ = path;
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) complain();
    return descriptor_ >= 0;
}

void OutputFile::write(std::string_view text) {
    struct stat status;
    bool regular =
        fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);  // not a pipe, not /dev/stdout
    if (regular && ftruncate(descriptor_, 0) != 0) return complain();
    while (!text.empty()) {
        ssize_t n = ::write(descriptor_, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return complain();
        text.remove_prefix(size_t(n));
    }
}

}  // namespace gen
