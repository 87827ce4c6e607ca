#include "runtime/cli/timeline_file.h"

#include "runtime/host/io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gen {

TimelineFile::~TimelineFile() {
    if (descriptor_ >= 0) close(descriptor_);
}

bool TimelineFile::open(const std::string& path) {
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    return descriptor_ >= 0;
}

bool TimelineFile::write() {
    struct stat status;
    if (fstat(descriptor_, &status) != 0) return false;
    if (S_ISREG(status.st_mode) && ftruncate(descriptor_, 0) != 0)
        return false;  // not a pipe, not /dev/stdout
    return descriptor_sink(descriptor_)(timeline_svg(recorder_.timeline()));
}

}  // namespace gen
