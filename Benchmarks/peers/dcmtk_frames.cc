// Times DCMTK's library on a folder: every file loaded, its pixels made native, all of them kept in
// memory as a series that is to become a volume is.
// usage: dcmtk_frames FOLDER   prints seconds, a number of all pixels, and the count of files
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <dirent.h>
#include <memory>
#include <string>
#include <vector>

#include "dcmtk/config/osconfig.h"
#include "dcmtk/dcmdata/dctk.h"
#include "dcmtk/dcmdata/dcrledrg.h"
#include "dcmtk/dcmjpeg/djdecode.h"
#include "dcmtk/dcmjpls/djdecode.h"

int main(int count, char** arguments) {
  if (count < 2) return 2;
  const std::string folder = arguments[1];
  std::vector<std::string> files;
  DIR* listing = opendir(arguments[1]);
  if (listing == nullptr) return 2;
  while (dirent* entry = readdir(listing)) {
    const std::string name = entry->d_name;
    if (name.size() > 4 && name.substr(name.size() - 4) == ".dcm") {
      files.push_back(folder + "/" + name);
    }
  }
  closedir(listing);
  std::sort(files.begin(), files.end());
  DcmRLEDecoderRegistration::registerCodecs();
  DJDecoderRegistration::registerCodecs(EDC_never);
  DJLSDecoderRegistration::registerCodecs();
  unsigned long long sum = 0;
  std::vector<std::unique_ptr<DcmFileFormat>> kept;
  const auto start = std::chrono::steady_clock::now();
  for (const auto& path : files) {
    kept.push_back(std::make_unique<DcmFileFormat>());
    DcmFileFormat* file = kept.back().get();
    if (file->loadFile(path.c_str()).bad() || file->loadAllDataIntoMemory().bad()) return 1;
    DcmDataset* set = file->getDataset();
    if (set->chooseRepresentation(EXS_LittleEndianExplicit, nullptr).bad()) return 1;
    const Uint16* words = nullptr;
    const Uint8* bytes = nullptr;
    unsigned long length = 0;
    if (set->findAndGetUint16Array(DCM_PixelData, words, &length).good() && length > 0) {
      sum += words[length / 2];
    } else if (set->findAndGetUint8Array(DCM_PixelData, bytes, &length).good() && length > 0) {
      sum += bytes[length / 2];
    } else {
      return 1;
    }
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  std::printf("%.6f %llu %zu\n", taken.count(), sum, files.size());
  return 0;
}
