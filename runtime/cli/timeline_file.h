// The file that --timeline=generators writes.
#pragma once
#include "runtime/host/timeline_recorder.h"

#include <string>

namespace gen {

class TimelineFile {
  public:
    TimelineFile() = default;
    TimelineFile(const TimelineFile&) = delete;
    TimelineFile& operator=(const TimelineFile&) = delete;
    ~TimelineFile();

    // Before the program runs, so that it need not run in vain; what the file held stays until write().
    // False: errno says why.
    bool open(const std::string& path);
    TimelineRecorder& recorder() { return recorder_; }
    bool write();  // false: errno says why

  private:
    int descriptor_ = -1;
    TimelineRecorder recorder_;
};

}  // namespace gen
