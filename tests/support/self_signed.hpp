// SPDX-License-Identifier: Apache-2.0
// A certificate of a test's own making, which is its own authority.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace homeostat::testing {

struct SelfSigned {
  std::string certificate;  ///< PEM
  std::string key;          ///< PEM
};

namespace self_signed_detail {
struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
inline std::string text_of(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}
}  // namespace self_signed_detail

/// `name`: a subjectAltName such as `IP:127.0.0.1`.
inline SelfSigned self_signed(const std::string& name) {
  const std::unique_ptr<EVP_PKEY, self_signed_detail::Free> key(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509, self_signed_detail::Free> certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  auto* subject = X509_get_subject_name(certificate.get());
  const auto* common = reinterpret_cast<const unsigned char*>("test");
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  const std::unique_ptr<X509_EXTENSION, self_signed_detail::Free> alternative(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str()));
  X509_add_ext(certificate.get(), alternative.get(), -1);
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
    throw std::runtime_error("cannot sign");
  }
  const std::unique_ptr<BIO, self_signed_detail::Free> first(BIO_new(BIO_s_mem()));
  const std::unique_ptr<BIO, self_signed_detail::Free> second(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(first.get(), certificate.get());
  PEM_write_bio_PrivateKey(second.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {self_signed_detail::text_of(first.get()), self_signed_detail::text_of(second.get())};
}

}  // namespace homeostat::testing
