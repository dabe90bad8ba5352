// SPDX-License-Identifier: Apache-2.0
// A TLS server with a certificate of its own making, for one connection at a time.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include "tests/support/http_served.hpp"

namespace homeostat::testing {

struct SelfSigned {
  std::string certificate;  ///< PEM
  std::string key;          ///< PEM
};

namespace detail {
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
}  // namespace detail

/// `name`: a subjectAltName such as `IP:127.0.0.1`.
inline SelfSigned self_signed(const std::string& name) {
  const std::unique_ptr<EVP_PKEY, detail::Free> key(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509, detail::Free> certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  auto* subject = X509_get_subject_name(certificate.get());
  const auto* common = reinterpret_cast<const unsigned char*>("test");
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  const std::unique_ptr<X509_EXTENSION, detail::Free> alternative(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str()));
  X509_add_ext(certificate.get(), alternative.get(), -1);
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
    throw std::runtime_error("cannot sign");
  }
  const std::unique_ptr<BIO, detail::Free> first(BIO_new(BIO_s_mem()));
  const std::unique_ptr<BIO, detail::Free> second(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(first.get(), certificate.get());
  PEM_write_bio_PrivateKey(second.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {detail::text_of(first.get()), detail::text_of(second.get())};
}

/// Accepts one connection, answers whatever it asks with 200 and `hello`.
inline asio::awaitable<void> answer_tls(tcp::acceptor& acceptor, const SelfSigned& identity) {
  const auto executor = co_await asio::this_coro::executor;
  asio::ssl::context context(asio::ssl::context::tls_server);
  context.use_certificate(asio::buffer(identity.certificate), asio::ssl::context::pem);
  context.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
  asio::ssl::stream<tcp::socket> stream(executor, context);
  boost::system::error_code ec;
  co_await acceptor.async_accept(stream.next_layer(), asio::use_awaitable);
  co_await stream.async_handshake(asio::ssl::stream_base::server,
                                  asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return;
  std::string request(4096, '\0');
  co_await stream.async_read_some(asio::buffer(request),
                                  asio::redirect_error(asio::use_awaitable, ec));
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  co_await asio::async_write(stream, asio::buffer(answer),
                             asio::redirect_error(asio::use_awaitable, ec));
}

}  // namespace homeostat::testing
